"""The names and labels of all actions that the audit log can record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# Actions by filter group. Each has a label for the audit log, and a label for "Commands" ("": not listed).
_ACTIONS: Final[dict[StrOrPromise, dict[str, tuple[StrOrPromise, StrOrPromise]]]] = {
    _("Classes"): {
        "class.create": (_("Created the class"), _("Create the class")),
        "class.start": (_("Started the class"), _("Start the class")),
        "class.end": (_("Ended the class"), _("End the class")),
        "class.close": (_("Closed the class"), _("Close the class")),
        "room.assign": (_("Assigned the class to a person"), ""),
        "room.unassign": (_("Unassigned the class from a person"), ""),
        "substitute.appoint": (_("Appointed a substitute"), ""),
        "substitute.end": (_("Ended a substitution"), ""),
        "wall.snooze": (_("Acknowledged alerts of the class"), ""),
        "wall.unsnooze": (_("Cancelled the acknowledgement of alerts"), ""),
        "series.plan": (_("Scheduled several classes"), ""),
        "series.change": (_("Changed the settings of scheduled classes"), ""),
        "series.move": (_("Changed the time of a scheduled class"), ""),
        "series.retry": (_("Retried the creation of scheduled classes"), ""),
        "series.cancel": (_("Cancelled scheduled classes"), ""),
        "series.restore": (_("Scheduled a cancelled class again"), ""),
        "class.keep": (_("Excluded the class from retention"), ""),
        "class.stop_keeping": (_("Included the class in retention again"), ""),
        "room.use_list": (_("Chose a class list for the class"), _("Choose the class list")),
    },
    _("Participants"): {
        "participant.remove": (_("Removed a participant"), _("Remove")),
        "participant.let_back": (_("Unbanned a participant"), _("Unban")),
        "participant.plan_removal": (_("Scheduled the removal of a participant"), _("Schedule removal")),
        "participant.call_off_removal": (
            _("Cancelled the removal of a participant"),
            _("Cancel removal"),
        ),
        "participant.microphone_off": (_("Muted a participant's microphone"), _("Mute microphone")),
        "participant.microphone_on": (_("Unmuted a participant's microphone"), _("Unmute microphone")),
        "participant.camera_off": (_("Turned off a participant's camera"), _("Turn off camera")),
        "participant.camera_on": (_("Turned on a participant's camera"), _("Turn on camera")),
        "participant.block_publishing": (
            _("Blocked a participant's microphone or camera"),
            _("Block microphone or camera"),
        ),
        "participant.stop_screen": (_("Stopped a participant's screen sharing"), _("Stop screen sharing")),
        "participant.stage_on": (_("Brought a participant onto the stage"), _("Bring on stage")),
        "participant.stage_off": (_("Took a participant off the stage"), _("Take off stage")),
        "participant.lower_hand": (_("Lowered a participant's hand"), _("Lower hand")),
        "participant.reward": (_("Gave a participant a reward"), _("Give reward")),
    },
    _("All participants"): {
        "class.microphones_off": (_("Muted microphones"), _("Mute microphones")),
        "class.microphones_on": (_("Unmuted microphones"), _("Unmute microphones")),
        "class.cameras_off": (_("Turned off cameras"), _("Turn off cameras")),
        "class.cameras_on": (_("Turned on cameras"), _("Turn on cameras")),
        "stage.clear": (_("Cleared the stage"), _("Clear the stage")),
        "stage.lower_hands": (_("Lowered all hands"), _("Lower all hands")),
        "stage.open_hands": (_("Allowed raising hands"), _("Allow raising hands")),
        "stage.close_hands": (_("Disabled raising hands"), _("Disable raising hands")),
        "rewards.give": (_("Gave rewards"), _("Give rewards")),
    },
    _("Chat and messages"): {
        "chat.mute": (_("Muted the chat of the class"), _("Mute chat")),
        "chat.unmute": (_("Unmuted the chat of the class"), _("Unmute chat")),
        "chat.announce": (_("Sent an announcement"), _("Send announcement")),
        "participant.mute_chat": (_("Muted a participant in the chat"), _("Mute in chat")),
        "participant.unmute_chat": (_("Unmuted a participant in the chat"), _("Unmute in chat")),
        "participant.message": (_("Sent a message to a participant"), _("Send message")),
    },
    _("Joining"): {
        "joining.let_in": (_("Let people into the class"), _("Let in")),
        "joining.refuse": (_("Refused people who wanted to join"), _("Refuse")),
        "joining.make_link": (_("Created the link for students"), ""),
        "joining.renew_link": (_("Renewed the link for students"), ""),
        "joining.link_off": (_("Turned the link for students off"), ""),
        "joining.settings": (_("Changed who can join the class"), ""),
        "joining.make_personal_links": (_("Created personal links for students"), ""),
        "joining.revoke_personal_link": (_("Revoked the personal link of a student"), ""),
        "joining.revoke_personal_links": (_("Revoked all personal links"), ""),
    },
    _("Classroom tools"): {
        "tool.on": (_("Turned on a classroom tool"), _("Turn on")),
        "tool.off": (_("Turned off a classroom tool"), _("Turn off")),
        "tool.stop_carousel": (_("Stopped the stage rotation"), _("Stop stage rotation")),
        "tool.stop_video_wall": (_("Turned off the video wall"), _("Turn off video wall")),
        "quiz.start": (_("Started a quiz"), _("Start quiz")),
        "quiz.stop": (_("Ended a quiz"), _("End quiz")),
        "poll.start": (_("Started a poll"), _("Start poll")),
        "poll.stop": (_("Ended a poll"), _("End poll")),
        "countdown.start": (_("Started a countdown"), _("Start countdown")),
        "countdown.pause": (_("Paused the countdown"), _("Pause countdown")),
        "countdown.continue": (_("Resumed the countdown"), _("Resume countdown")),
        "countdown.stop": (_("Stopped the countdown"), _("Stop countdown")),
    },
    _("Recordings"): {
        "recording.start": (_("Started the recording"), _("Start recording")),
        "recording.pause": (_("Paused the recording"), _("Pause recording")),
        "recording.resume": (_("Resumed the recording"), _("Resume recording")),
        "recording.change": (_("Changed the recording's settings"), _("Change recording settings")),
        "recording.ready": (_("Reported that the recorded page has loaded"), _("Report the page as loaded")),
        "recording.stop": (_("Stopped the recording"), _("Stop recording")),
        "recording.files": (
            _("Asked for the files of recordings again"),
            _("Ask for the files of recordings"),
        ),
        "recording.share": (_("Created a link to a recording"), ""),
        "recording.unshare": (_("Ended a link to a recording"), ""),
    },
    _("Files"): {
        "resource.put": (_("Shared a file with the class"), _("Add the file")),
        "resource.delete": (_("Deleted a file of the class"), _("Delete files")),
        "resource.hold_delete": (
            _("Requested deletion of files (can be undone for a moment)"),
            _("Delete files (10 seconds to undo)"),
        ),
        "resource.undo_delete": (_("Undid the deletion of files"), _("Undo deletion")),
    },
    _("Properties"): {
        "room.set_properties": (_("Set properties of the class"), _("Set properties of the class")),
        "room.delete_properties": (_("Deleted properties of the class"), _("Delete class properties")),
        "participant.set_properties": (_("Set properties of a participant"), _("Set properties")),
        "participant.delete_properties": (_("Deleted properties of a participant"), _("Delete properties")),
        "ext_app.set_properties": (_("Set properties of an extension"), _("Set properties of an extension")),
        "ext_app.delete_properties": (
            _("Deleted properties of an extension"),
            _("Delete extension properties"),
        ),
    },
    _("Breakout rooms"): {
        "groups.open": (_("Opened breakout rooms"), _("Open breakout rooms")),
        "groups.close": (_("Closed breakout rooms"), _("Close breakout rooms")),
        "groups.move": (_("Moved a participant between breakout rooms"), _("Move between breakout rooms")),
        "groups.rename": (_("Renamed a breakout room"), _("Rename breakout room")),
        "groups.close_one": (_("Closed a breakout room"), _("Close breakout room")),
    },
    _("People"): {
        "account.create": (_("Added an account"), ""),
        "account.change": (_("Changed the details of an account"), ""),
        "account.set": (_("Changed whose classes a person sees"), ""),
        "account.deactivate": (_("Deactivated an account"), ""),
        "account.reactivate": (_("Reactivated an account"), ""),
        "account.import": (_("Imported a file with people"), ""),
        "account.download": (_("Downloaded the people as a file"), ""),
        "account.invite": (_("Mailed an invitation"), ""),
        "account.password_reset": (_("Reset the password of an account"), ""),
        "account.second_factor_reset": (_("Reset the second factors of an account"), ""),
        "account.sessions_end": (_("Ended sessions of an account"), ""),
        "account.password_change": (_("Changed their own password"), ""),
        "account.cloud_id": (_("Created a cloud user id for their own account"), ""),
        "account.calendar_on": (_("Created a calendar address"), ""),
        "account.calendar_off": (_("Turned off a calendar address"), ""),
        "account.token_create": (_("Created an API token"), ""),
        "account.token_end": (_("Revoked an API token"), ""),
        "account.mails": (_("Chose which mails they get"), ""),
        "account.unsubscribe": (_("Unsubscribed from mails with the link in a mail"), ""),
    },
    _("Appearance"): {
        "face.change": (_("Changed the appearance of the pages"), ""),
        "face.logo": (_("Changed the logo"), ""),
        "face.banner": (_("Changed the announcement on the pages"), ""),
    },
    _("Privacy"): {
        "person.export": (_("Exported a person's data"), ""),
        "person.export_download": (_("Downloaded an export of a person's data"), ""),
        "person.erase": (_("Erased a person's data"), ""),
    },
    _("Class lists"): {
        "class_list.make": (_("Created a class list"), ""),
        "class_list.rename": (_("Renamed a class list"), ""),
        "class_list.change": (_("Changed the people of a class list"), _("Change the class list")),
        "class_list.delete": (_("Deleted a class list"), ""),
        "class_list.download": (_("Downloaded a class list"), ""),
        "list.thresholds": (_("Changed the attendance limits of a class list"), ""),
    },
    _("Attendance"): {
        "attendance.correct": (_("Corrected the attendance of a person"), ""),
        "attendance.withdraw": (_("Withdrew a correction of the attendance"), ""),
    },
    _("Retention"): {
        "retention.run": (_("Deleted old data"), ""),
        "retention.delete": (_("Deleted old data of one kind"), ""),
    },
    _("Reports"): {
        "report.export": (_("Exported a report"), ""),
        "report.incident": (_("Downloaded an incident report of the class"), ""),
    },
    _("Sign-in"): {
        "account.first_administrator": (_("Created the first administrator with the code from the log"), ""),
        "account.first_code_failed": (_("Entered a wrong code on the first-run page"), ""),
        "account.sign_in": (_("Signed in"), ""),
        "account.sign_in_failed": (_("Failed to sign in"), ""),
        "account.sign_out": (_("Signed out"), ""),
        "account.second_factor_failed": (_("Entered a wrong code of a second factor"), ""),
        "account.second_factor_add": (_("Added a second factor"), ""),
        "account.second_factor_remove": (_("Removed a second factor"), ""),
        "account.recovery_code_used": (_("Used a recovery code"), ""),
        "account.recovery_codes": (_("Created new recovery codes"), ""),
        "account.own_sessions_end": (_("Ended other sessions of their own"), ""),
        "account.password_forgotten": (_("Was sent a link to choose a new password"), ""),
        "account.password_chosen": (_("Chose a password with a link"), ""),
        "sign_on.connect": (_("Connected an account with school sign-on"), ""),
        "sign_on.disconnect": (_("Disconnected an account from school sign-on"), ""),
        "sign_on.create": (_("Created an account by a rule of school sign-on"), ""),
        "sign_on.role": (_("Changed a role by a rule of school sign-on"), ""),
        "sign_on.cloud_id": (_("Added a cloud user id from school sign-on"), ""),
        "sign_on.add_provider": (_("Added a school sign-on"), ""),
        "sign_on.change_provider": (_("Changed a school sign-on"), ""),
        "sign_on.switch_provider": (_("Switched a school sign-on on or off"), ""),
        "sign_on.delete_provider": (_("Deleted a school sign-on"), ""),
        "sign_on.test_provider": (_("Tested a school sign-on"), ""),
        "sign_on.emergency_link": (_("Made an emergency sign-in link"), ""),
        "sign_on.emergency_sign_in": (_("Signed in with an emergency link"), ""),
        "access.refused": (_("Tried to open a page without access"), ""),
    },
    _("Webhooks"): {
        "webhook.create": (_("Added a webhook"), ""),
        "webhook.change": (_("Changed a webhook"), ""),
        "webhook.switch": (_("Switched a webhook on or off"), ""),
        "webhook.delete": (_("Deleted a webhook"), ""),
        "webhook.show": (_("Looked at the secret of a webhook"), ""),
        "webhook.rotate": (_("Created a new secret for a webhook"), ""),
        "webhook.test": (_("Tested a webhook"), ""),
        "webhook.again": (_("Sent a message of a webhook again"), ""),
        "mail.again": (_("Sent a failed mail again"), ""),
    },
    _("Learning platforms"): {
        "lti.add_platform": (_("Added a learning platform"), ""),
        "lti.change_platform": (_("Changed a learning platform"), ""),
        "lti.delete_platform": (_("Removed a learning platform"), ""),
        "lti.test_platform": (_("Tested a learning platform"), ""),
        "lti.replace_key": (_("Replaced the key for learning platforms"), ""),
        "lti.registration_link": (_("Made a registration link for a learning platform"), ""),
        "lti.register": (_("Registered a learning platform with a link"), ""),
        "lti.connect": (_("Connected an account with a learning platform"), ""),
        "lti.create": (_("Created an account for a teacher of a learning platform"), ""),
        "lti.launch_failed": (_("Failed to open a class from a learning platform"), ""),
        "lti.link": (_("Chose the class of an activity in a learning platform"), ""),
        "lti.grade": (_("Chose what a class sends to a gradebook"), ""),
        "lti.roster": (_("Asked for the students of a course"), ""),
        "lti.scores": (_("Sent scores to a learning platform"), ""),
    },
    _("Audit log"): {
        "audit.export": (_("Exported entries of the audit log"), ""),
        "audit.erase": (_("Erased personal data from the audit log"), ""),
        "audit.delete_old": (_("Deleted the oldest entries of the audit log"), ""),
        "audit.accept": (_("Accepted that the end of the audit log is missing"), ""),
    },
    _("Chat services"): {
        "chat_target.add": (_("Added a chat service"), ""),
        "chat_target.change": (_("Changed a chat service"), ""),
        "chat_target.switch": (_("Switched a chat service on or off"), ""),
        "chat_target.delete": (_("Deleted a chat service"), ""),
        "chat_target.test": (_("Sent a test message to a chat service"), ""),
    },
    _("Cloud"): {
        "cloud.test": (_("Tested the cloud connection"), ""),
        "capability.test": (_("Tested whether the cloud offers a command"), ""),
    },
}
GROUPS: Final[dict[StrOrPromise, dict[str, StrOrPromise]]] = {
    group: {action: done for action, (done, _asked) in actions.items()} for group, actions in _ACTIONS.items()
}
LABELS: Final[dict[str, StrOrPromise]] = {
    action: done for actions in GROUPS.values() for action, done in actions.items()
}
COMMANDS: Final[dict[str, StrOrPromise]] = {
    action: asked for actions in _ACTIONS.values() for action, (_done, asked) in actions.items() if asked
}
"""Labels of the actions that the page of a class lists under "Commands"."""


def label(action: str) -> str:
    """Return the label of an action. If this version does not know the action, return its name."""
    return str(LABELS.get(action, action))
