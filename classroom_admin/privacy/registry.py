"""Name every table of the database: how long its rows are kept, or why retention does not concern it.

A test fails if a table is missing here. So a new kind of data cannot be forgotten.
"""

from __future__ import annotations

from typing import Final

from classroom_admin.privacy.limits import Kind

NO_PERSON: Final = "It has no personal data."
WITH_ACCOUNT: Final = "It is a part of an account, and is deleted or made anonymous with the account."
ERASURE: Final = (
    "It proves that data of a person was exported or erased, or repeats an erasure after a restore."
)

DELETED_WITH: Final[dict[str, Kind]] = {
    # deleted with the events of a class
    "sync.storedevent": Kind.EVENTS,
    "sync.sequencegap": Kind.EVENTS,
    "sync.missedevent": Kind.EVENTS,
    "sync.presencecorrection": Kind.EVENTS,
    "sync.channelnotice": Kind.EVENTS,
    # The texts of `ChatMessage` are deleted with Kind.CHAT, the rows with the class.
    "rooms.chatmessage": Kind.CHAT,
    "rooms.peermessage": Kind.DIRECT_MESSAGES,
    "actions.recordingshare": Kind.RECORDINGS,
    # deleted with the whole class; `Recording` loses its addresses with Kind.RECORDINGS
    "rooms.room": Kind.ATTENDANCE,
    "rooms.classretention": Kind.ATTENDANCE,
    "rooms.roomteacher": Kind.ATTENDANCE,
    "rooms.participant": Kind.ATTENDANCE,
    "rooms.presence": Kind.ATTENDANCE,
    "rooms.recording": Kind.ATTENDANCE,
    "rooms.resource": Kind.ATTENDANCE,
    "rooms.gap": Kind.ATTENDANCE,
    "rooms.quiz": Kind.ATTENDANCE,
    "rooms.poll": Kind.ATTENDANCE,
    "rooms.answer": Kind.ATTENDANCE,
    "rooms.agorachatroom": Kind.ATTENDANCE,
    "rooms.substitution": Kind.ATTENDANCE,
    "rooms.listversion": Kind.ATTENDANCE,
    "reports.classsummary": Kind.ATTENDANCE,
    "reports.personsummary": Kind.ATTENDANCE,
    "reports.correction": Kind.ATTENDANCE,
    "actions.series": Kind.ATTENDANCE,
    "actions.calendarrevision": Kind.ATTENDANCE,
    "joining.joinpage": Kind.ATTENDANCE,
    "joining.personallink": Kind.ATTENDANCE,
    "sync.roomcursor": Kind.ATTENDANCE,
    "sync.roomrefresh": Kind.ATTENDANCE,
    "live.acknowledgement": Kind.ATTENDANCE,
    "notices.notice": Kind.ATTENDANCE,
    "notices.openalert": Kind.ATTENDANCE,
    "notices.handover": Kind.ATTENDANCE,
    "outgoing_webhooks.delivery": Kind.ATTENDANCE,  # `integrations.webhooks.upkeep` deletes it after 30 days
    "outgoing_webhooks.attempt": Kind.ATTENDANCE,
    "notice_mail.mailitem": Kind.ATTENDANCE,
    "chat_targets.chatmessage": Kind.ATTENDANCE,
    "rooms.classlist": Kind.CLASS_LISTS,
    "rooms.listedperson": Kind.CLASS_LISTS,
    "rooms.supervision": Kind.CLASS_LISTS,
    "sync.quarantine": Kind.QUARANTINE,
    "sync.inboxanswer": Kind.QUARANTINE,
    "actions.scheduledcommand": Kind.COMMANDS,
    "actions.bulkrun": Kind.COMMANDS,
    "actions.upload": Kind.FILES,
    "reports.exportjob": Kind.EXPORTS,
    "lti.resourcelink": Kind.ATTENDANCE,
    "lti.score": Kind.ATTENDANCE,
    "sessions.session": Kind.SESSIONS,
    "audit.entry": Kind.AUDIT,
    "audit.step": Kind.AUDIT,
    "audit.link": Kind.AUDIT,
}
"""The kind with which the rows of each table are deleted."""
EXEMPT: Final[dict[str, str]] = {
    "rooms.classlistfile": "`actions.class_list_files` deletes each file after a day.",
    "audit.checkpoint": NO_PERSON,
    "audit.permission": NO_PERSON,
    "audit.copied": NO_PERSON,
    "audit.claim": "It is deleted with its entry, and expires after seconds.",
    "audit.pendingconfirmation": "`sync.confirmation.forget_old` deletes it after a day.",
    "joining.joinrequest": "`integrations.joining` deletes each request after a day.",
    "sync.chathour": NO_PERSON,
    "sync.lease": NO_PERSON,
    "sync.requestbudget": NO_PERSON,
    "actions.capability": NO_PERSON,
    "outgoing_webhooks.endpoint": NO_PERSON,
    "privacy.retentionrun": "It has only numbers, and the account of the person who began the run.",
    "privacy.erasure": ERASURE,
    "privacy.erasedidentity": ERASURE,
    "privacy.erasurekey": ERASURE,
    "privacy.personjob": ERASURE,
    "accounts.user": "An account stays until an administrator erases it.",
    "accounts.cloudidentity": WITH_ACCOUNT,
    "accounts.calendarfeed": WITH_ACCOUNT,
    "accounts.passwordlink": WITH_ACCOUNT,
    "accounts.emergencylink": WITH_ACCOUNT,
    "accounts.signonprovider": NO_PERSON,
    "accounts.firstrun": NO_PERSON,
    "accounts.apitoken": WITH_ACCOUNT,
    "accounts.schoolface": NO_PERSON,
    "accounts.schoollogo": NO_PERSON,
    "accounts.idempotentrequest": "`accounts.api_tokens.forget_old_requests` deletes it after a day.",
    "accounts.attempts": "It has only keyed hashes, and `accounts.throttling` deletes them after a time.",
    "account.emailaddress": WITH_ACCOUNT,
    "account.emailconfirmation": WITH_ACCOUNT,
    "mfa.authenticator": WITH_ACCOUNT,
    "socialaccount.socialaccount": WITH_ACCOUNT,
    "socialaccount.socialtoken": WITH_ACCOUNT,
    "socialaccount.socialapp": NO_PERSON,
    "usersessions.usersession": "django-allauth deletes it with its session.",
    "lti.platform": NO_PERSON,
    "lti.signingkey": NO_PERSON,
    "lti.accountlink": WITH_ACCOUNT,
    "lti.course": "`lti.tasks.tidy` deletes it 30 days after its last class was deleted.",
    "lti.member": "It is deleted with its course.",
    "lti.courseteacher": "It is deleted with its course, or when the person no longer teaches it.",
    "lti.givenclass": "It is deleted with its course, or when the person no longer teaches it.",
    "lti.launch": "`lti.tasks.tidy` deletes it within three hours.",
    "lti.registrationlink": "`lti.tasks.tidy` deletes it within three hours.",
    "notice_mail.mailchoices": WITH_ACCOUNT,
    "notice_mail.mail": "`integrations.mail` deletes it after 30 days.",
    "chat_targets.chattarget": NO_PERSON,
    "auth.group": NO_PERSON,
    "auth.permission": NO_PERSON,
    "contenttypes.contenttype": NO_PERSON,
}
"""The reason why retention does not delete the rows of a table. Tables of optional apps are named, too."""
