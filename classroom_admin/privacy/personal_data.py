"""Which columns of the database may say something about a person, and what exports and erasures do with them.

A test compares this table with all models. So a new model, or a new column with text, needs a decision here.
References to accounts are not listed: an erasure makes the account anonymous, and its row stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.apps import apps


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What is done with the rows of a model.

    `personal` are the columns with personal data, `others` are columns with text that has none. Both are
    names separated by spaces. `exported` is the name of a section of the export, `erased` the name of a step
    of the erasure. If one of them is "", `why` says why. `account` is the column with the account whose
    erasure deletes the row.
    """

    personal: str = ""
    others: str = ""
    exported: str = ""
    erased: str = ""
    account: str = ""
    why: str = ""


def _nothing(others: str, why: str) -> Decision:
    return Decision(others=others, why=why)


_CLOUD: Final = "It says nothing about a person."
_BY_ID: Final = "It identifies the class or the thing, not a person."

DECISIONS: Final[dict[str, Decision]] = {
    # accounts
    "accounts.User": Decision(
        personal="email name search time_zone language password",
        others="role role_given_by",
        exported="account",
        erased="accounts",
        why="The export never contains the hash of the password.",
    ),
    "accounts.CloudIdentity": Decision(
        personal="user_uuid", exported="account", erased="accounts", account="user"
    ),
    "accounts.CalendarFeed": Decision(
        personal="code",
        erased="accounts",
        account="user",
        why="The code is a secret of the feed's address, so it is not exported.",
    ),
    "accounts.ApiToken": Decision(
        personal="name digest",
        others="scopes",
        erased="accounts",
        account="user",
        why="The name of a program, and the hash of a secret.",
    ),
    "accounts.IdempotentRequest": Decision(
        personal="body",
        others="key fingerprint",
        erased="accounts",
        account="user",
        why="The response to a request of a program. It is deleted after a day.",
    ),
    "accounts.PasswordLink": Decision(
        personal="digest",
        erased="accounts",
        account="user",
        why="The hash of a secret. The link is valid for a short time.",
    ),
    "accounts.FirstRun": _nothing("number", "A random number from which the code of the first run is made."),
    "accounts.SchoolFace": _nothing(
        "name colour help_url privacy_url accessibility_url logo_digest banner_text banner_level",
        "What pages show of the school.",
    ),
    "accounts.SchoolLogo": _nothing("content kind digest", "The logo of the school."),
    "accounts.EmergencyLink": Decision(
        personal="digest",
        erased="accounts",
        account="user",
        why="The hash of a secret. The link is valid for a short time.",
    ),
    "accounts.SignOnProvider": _nothing(
        "key label issuer client_id secret scopes groups_claim rules verified_domains cloud_id_claim "
        "language_claim",
        "The school's sign-on service.",
    ),
    "socialaccount.SocialApp": _nothing(
        "provider provider_id name client_id secret key settings", "The school's sign-on service."
    ),
    "accounts.Attempts": _nothing("kind account place", "Keyed hashes, which are deleted after a time."),
    "account.EmailAddress": Decision(personal="email", exported="account", erased="accounts", account="user"),
    "account.EmailConfirmation": Decision(
        personal="key", erased="accounts", account="email_address__user", why="The key is a secret."
    ),
    "mfa.Authenticator": Decision(
        personal="type data", erased="accounts", account="user", why="The data are secrets."
    ),
    "usersessions.UserSession": Decision(
        personal="session_key user_agent ip data",
        erased="accounts",
        account="user",
        why="It is deleted when the session ends. The audit log, which is exported, has the sign-ins.",
    ),
    "socialaccount.SocialAccount": Decision(
        personal="provider uid extra_data",
        erased="accounts",
        account="user",
        why="The school's sign-on has the same data.",
    ),
    "socialaccount.SocialToken": Decision(
        personal="token token_secret",
        erased="accounts",
        account="account__user",
        why="The tokens are secrets.",
    ),
    "sessions.Session": Decision(
        personal="session_key session_data",
        erased="accounts",
        why="The data are secrets of the browser session.",
    ),
    "auth.Permission": _nothing("name codename", "Django's own rights, which are not used."),
    "auth.Group": _nothing("name", "Django's own groups, which are not used."),
    "contenttypes.ContentType": _nothing("app_label model", "Names of models."),
    # the audit log: audit.personal decides about the columns
    "audit.Entry": Decision(
        personal="actor_name target target_name params address agent",
        others="action room_uuid tag request_id actor_salt subject_salt",
        exported="audit",
        erased="audit",
    ),
    "audit.Step": Decision(
        personal="detail", others="tag kind room_uuid salt", erased="audit", why="Its entry is exported."
    ),
    "audit.Link": _nothing("hash", "A hash of the chain of the audit log."),
    "audit.Checkpoint": _nothing("kind hash problem tag", "Hashes of the chain of the audit log."),
    "audit.Permission": _nothing("kind", _CLOUD),
    "audit.Copied": _nothing("server", _CLOUD),
    "audit.Claim": _nothing("dedupe_key", "A hash, which is deleted after minutes."),
    "audit.PendingConfirmation": Decision(
        personal="match also",
        others="room_uuid",
        erased="commands",
        why="It is deleted when the command is confirmed. The audit log, which is exported, has the command.",
    ),
    # classes
    "rooms.Room": Decision(
        personal="properties ext_apps groups known_groups",
        others="key room_uuid name name_search recording_state",
        erased="rooms",
        why="The properties belong to all people of the class.",
    ),
    "rooms.Participant": Decision(
        personal="user_uuid name name_search streams properties",
        others="role",
        exported="participants",
        erased="rooms",
    ),
    "rooms.Presence": Decision(personal="user_uuid", exported="stays", erased="rooms"),
    "rooms.ChatMessage": Decision(
        personal="user_uuid name text", others="kind role", exported="chat", erased="rooms"
    ),
    "rooms.PeerMessage": Decision(
        personal="user_uuid name to_user_uuid text",
        others="digest kind role",
        exported="direct_messages",
        erased="rooms",
    ),
    "rooms.Answer": Decision(
        personal="user_uuid name selected", others="of question_id", exported="answers", erased="rooms"
    ),
    "rooms.Quiz": _nothing("quiz_id items correct_items", "The choices and the counts of all answers."),
    "rooms.Poll": _nothing("poll_id items details", "The choices and the counts of all answers."),
    "rooms.Recording": Decision(
        others="record_id state sid streaming_urls pauses mode file_urls",
        exported="recordings",
        why="Recordings are stored by the cloud or in the school's bucket. Delete them there.",
    ),
    "rooms.Resource": Decision(
        personal="name url put_by", others="resource_uuid ext task", exported="files", erased="rooms"
    ),
    "rooms.Gap": _nothing("stream", _CLOUD),
    "rooms.AgoraChatRoom": _nothing("org_name app_name chat_room_id last_error", _BY_ID),
    "rooms.RoomTeacher": _nothing("", "It refers to an account."),
    "rooms.Supervision": _nothing("", "It refers to accounts."),
    "rooms.ClassRetention": _nothing("kept_reason", "The reason why a class is kept concerns the class."),
    "rooms.Substitution": _nothing("", "It refers to accounts."),
    "rooms.ClassList": _nothing("key name mapping sourced_id", "The list's own name and columns."),
    "rooms.ListVersion": Decision(personal="people", others="name", exported="list_versions", erased="lists"),
    "rooms.ListedPerson": Decision(personal="name user_uuid email group", exported="lists", erased="lists"),
    "rooms.ClassListFile": Decision(
        personal="name content options",
        others="key",
        erased="lists",
        why="A file that nobody has applied is deleted after a day.",
    ),
    # what the cloud sent
    "sync.StoredEvent": Decision(
        personal="raw unreadable odd",
        others="stream digest",
        erased="rooms",
        why="The rows of the classes, which are made of the events, are exported.",
    ),
    "sync.InboxAnswer": Decision(
        personal="body",
        others="source room_uuid request_id",
        erased="inbox",
        why="It is deleted after a day. The events in it are stored.",
    ),
    "sync.Quarantine": Decision(
        personal="raw reason",
        erased="quarantine",
        why="Nobody could read it, so nobody knows about whom it is.",
    ),
    "sync.ChannelNotice": Decision(
        personal="stream_uuid user_uuid raw", others="notice_id room_uuid", exported="notices", erased="rooms"
    ),
    "sync.PresenceCorrection": Decision(
        personal="user_uuid name", others="source role", exported="presence_corrections", erased="rooms"
    ),
    "sync.Lease": _nothing("app_id owner host wanted_by last_error", "The processes of the installation."),
    "sync.RoomCursor": _nothing("stream", _CLOUD),
    "sync.SequenceGap": _nothing("stream state", _CLOUD),
    "sync.RoomRefresh": _nothing("", _CLOUD),
    "sync.ChatHour": _nothing("org_name app_name last_error", _CLOUD),
    "sync.RequestBudget": _nothing("app_id", _CLOUD),
    "sync.MissedEvent": _nothing("", _CLOUD),
    # commands and files
    "actions.BulkRun": _nothing("key token what text", "An announcement to classes, written for all."),
    "actions.Series": _nothing("key request_id name zone weekdays settings", "The plan of classes."),
    "actions.ScheduledCommand": Decision(
        personal="key payload", others="kind state problem", exported="scheduled", erased="commands"
    ),
    "actions.CalendarRevision": _nothing("uid shows", _BY_ID),
    "actions.Capability": _nothing("name offered said", _CLOUD),
    "actions.Upload": Decision(
        personal="name content", others="key ext resource_uuid", exported="uploads", erased="files"
    ),
    "actions.RecordingShare": _nothing("token_hash", "A hash of a secret."),
    # joining
    "joining.JoinPage": _nothing("code who", _BY_ID),
    "joining.PersonalLink": Decision(
        personal="user_id name secret",
        erased="lists",
        why="The secret opens the class. The class list, which is exported, has the name and the id.",
    ),
    "joining.JoinRequest": Decision(
        personal="user_id name browser ticket",
        others="state",
        erased="lists",
        why="It is deleted after a day. The audit log, which is exported, says who was let in.",
    ),
    # reports
    "reports.PersonSummary": Decision(
        personal="person_key user_uuid more_ids name list_name group spans",
        others="role status",
        exported="attendance",
        erased="rooms",
        why="An erasure keeps the group and the times, because they do not identify the person.",
    ),
    "reports.ClassSummary": Decision(
        personal="tracks alerts",
        others="gaps",
        erased="rooms",
        why="The figures belong to the class.",
    ),
    "reports.Correction": Decision(
        personal="person_key note", others="status", exported="corrections", erased="rooms"
    ),
    "reports.ExportJob": Decision(
        personal="params file",
        others="key what format state problem",
        erased="files",
        why="A file with many people. It is deleted after a week.",
    ),
    # learning platforms
    "lti.Platform": _nothing(
        "key label issuer client_id deployment_ids login_url token_url jwks_url token_audience frame_origins",
        "The school's learning platform.",
    ),
    "lti.SigningKey": _nothing("kid private_pem public_jwk", "Our own keys."),
    "lti.AccountLink": Decision(
        personal="sub",
        erased="accounts",
        account="user",
        why="The learning platform, which chose the id, has it with the name.",
    ),
    "lti.CourseTeacher": Decision(
        erased="accounts", account="user", why="It says only that the account teaches a course."
    ),
    "lti.GivenClass": _nothing("", "It is deleted with the person's row of the course."),
    "lti.Course": _nothing(
        "deployment_id context_id title members_url members_problem", "It identifies a course."
    ),
    "lti.Member": _nothing(
        "sub user_uuid",
        "Two ids of the same person. Only the learning platform and the class list know the name. The rows "
        "are deleted with the last class of the course.",
    ),
    "lti.ResourceLink": _nothing(
        "key resource_link_id title room_uuid grade line_items_url line_item_url scopes", _BY_ID
    ),
    "lti.Score": _nothing("problem", "It has only numbers, and is deleted with the class."),
    "lti.Launch": Decision(
        personal="data",
        others="kind state_digest nonce ticket_digest",
        erased="accounts",
        account="user",
        why="It is deleted within three hours.",
    ),
    "lti.RegistrationLink": _nothing("digest", "The hash of a secret."),
    # erasures and exports themselves
    "privacy.RetentionRun": _nothing("limits counts", "Numbers of deleted rows."),
    "privacy.ErasureKey": _nothing("secret", "The key of the hashes."),
    "privacy.Erasure": _nothing("key number mode", "The number is random."),
    "privacy.ErasedIdentity": _nothing(
        "kind digest replacement", "Keyed hashes. Without them, old events would bring the person back."
    ),
    "privacy.PersonJob": Decision(
        personal="secret file",
        others="key token kind state step counts problem",
        erased="files",
        why="It is the export itself.",
    ),
    "live.Acknowledgement": _nothing("kind", "It refers to an account."),
    # notices: a removal has only the primary key of the participant, whose row is erased
    "notices.Notice": _nothing("number kind data", _BY_ID),
    "notices.OpenAlert": _nothing("kind", _CLOUD),
    "notices.Handover": _nothing("receiver", _CLOUD),
    "outgoing_webhooks.Endpoint": _nothing(
        "key address description kinds off_reason secret old_secret", "A system of the school."
    ),
    "outgoing_webhooks.Delivery": _nothing("number state", "The body is made anew for each attempt."),
    "outgoing_webhooks.Attempt": Decision(
        personal="answer",
        others="problem",
        erased="commands",
        why="It is the answer of another system, and is deleted after 30 days.",
    ),
    # mails by choice, and chat services
    "notice_mail.MailChoices": Decision(
        erased="accounts", account="person", why="Which mails a person wants. The audit log has each choice."
    ),
    "notice_mail.Mail": Decision(
        personal="problem",
        others="kind state",
        erased="accounts",
        account="person",
        why="It says why a mail was not sent, and is deleted after 30 days.",
    ),
    "notice_mail.MailItem": Decision(erased="accounts", account="person", why="It refers to a notice."),
    "chat_targets.ChatTarget": _nothing(
        "key name service secret host kinds language problem", "A chat service of the school."
    ),
    "chat_targets.ChatMessage": _nothing("state problem", _CLOUD),
}


def rows_of_accounts() -> list[tuple[str, str]]:
    """Return the models with rows that belong to an account, and their column with the account.

    Models of apps that are not installed are left out. Rows that refer to others come first.
    """
    found = [(label, one.account) for label, one in DECISIONS.items() if one.account and _exists(label)]
    return sorted(found, key=lambda row: -row[1].count("__"))


def _exists(label: str) -> bool:
    app, model = label.lower().split(".")
    return model in apps.all_models[app]
