"""The sentences of the audit log for actions that have a target. Other actions are described by their labels.

`%(whom)s` is the name of the target.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

SENTENCES: Final[dict[str, StrOrPromise]] = {
    "room.assign": _("Assigned the class to %(whom)s"),
    "room.unassign": _("Unassigned the class from %(whom)s"),
    "substitute.appoint": _("Appointed %(whom)s as a substitute"),
    "substitute.end": _("Ended the appointment of %(whom)s as a substitute"),
    "room.use_list": _("Chose the class list “%(whom)s”"),
    "series.plan": _("Scheduled the classes “%(whom)s”"),
    "series.change": _("Changed the settings of the scheduled classes “%(whom)s”"),
    "series.move": _("Rescheduled a class of the series “%(whom)s”"),
    "series.retry": _("Retried the creation of the scheduled classes “%(whom)s”"),
    "series.cancel": _("Cancelled classes of the series “%(whom)s”"),
    "series.restore": _("Scheduled a cancelled class of the series “%(whom)s” again"),
    "joining.let_in": _("Let %(whom)s into the class"),
    "joining.refuse": _("Refused %(whom)s, who wanted to join"),
    "joining.revoke_personal_link": _("Revoked the personal link of %(whom)s"),
    "participant.remove": _("Removed %(whom)s"),
    "participant.let_back": _("Unbanned %(whom)s"),
    "participant.plan_removal": _("Scheduled the removal of %(whom)s in %(delay)s"),
    "participant.call_off_removal": _("Cancelled the removal of %(whom)s"),
    "participant.microphone_off": _("Muted the microphone of %(whom)s"),
    "participant.microphone_on": _("Unmuted the microphone of %(whom)s"),
    "participant.camera_off": _("Turned off the camera of %(whom)s"),
    "participant.camera_on": _("Turned on the camera of %(whom)s"),
    "participant.stop_screen": _("Stopped the screen sharing of %(whom)s"),
    "participant.stage_on": _("Brought %(whom)s onto the stage"),
    "participant.stage_off": _("Took %(whom)s off the stage"),
    "participant.lower_hand": _("Lowered the hand of %(whom)s"),
    "participant.mute_chat": _("Muted %(whom)s in the chat"),
    "participant.unmute_chat": _("Unmuted %(whom)s in the chat"),
    "participant.message": _("Sent a message to %(whom)s"),
    "groups.close_one": _("Closed the breakout room “%(whom)s”"),
    "tool.on": _("Turned on: %(whom)s"),
    "tool.off": _("Turned off: %(whom)s"),
    "capability.test": _("Tested whether the cloud offers: %(whom)s"),
    "participant.set_properties": _("Set properties of %(whom)s"),
    "participant.delete_properties": _("Deleted properties of %(whom)s"),
    "ext_app.set_properties": _("Set properties of the extension “%(whom)s”"),
    "ext_app.delete_properties": _("Deleted properties of the extension “%(whom)s”"),
    "resource.put": _("Shared the file “%(whom)s”"),
    "resource.delete": _("Deleted files: %(whom)s"),
    "resource.hold_delete": _("Requested deletion of files: %(whom)s"),
    "resource.undo_delete": _("Undid the deletion of files: %(whom)s"),
    "account.create": _("Added the account of %(whom)s"),
    "account.change": _("Changed the account details of %(whom)s"),
    "account.deactivate": _("Deactivated the account of %(whom)s"),
    "account.reactivate": _("Reactivated the account of %(whom)s"),
    "account.password_reset": _("Reset the password of %(whom)s"),
    "account.second_factor_reset": _("Reset the second factors of %(whom)s"),
    "account.sessions_end": _("Ended sessions of %(whom)s"),
    "account.sign_in_failed": _("Failed to sign in as %(whom)s"),
    "account.second_factor_failed": _("Entered a wrong code as %(whom)s"),
    "account.password_forgotten": _("Sent a link to choose a new password to %(whom)s"),
    "sign_on.disconnect": _("Disconnected the account of %(whom)s from school sign-on"),
    "sign_on.add_provider": _("Added the school sign-on “%(whom)s”"),
    "sign_on.change_provider": _("Changed the school sign-on “%(whom)s”"),
    "sign_on.switch_provider": _("Switched the school sign-on “%(whom)s” on or off"),
    "sign_on.delete_provider": _("Deleted the school sign-on “%(whom)s”"),
    "sign_on.test_provider": _("Tested the school sign-on “%(whom)s”"),
    "account.unsubscribe": _("Unsubscribed %(whom)s from mails, with the link in a mail"),
    "chat_target.add": _("Added the chat service “%(whom)s”"),
    "chat_target.change": _("Changed the chat service “%(whom)s”"),
    "chat_target.switch": _("Switched the chat service “%(whom)s” on or off"),
    "chat_target.delete": _("Deleted the chat service “%(whom)s”"),
    "chat_target.test": _("Sent a test message to the chat service “%(whom)s”"),
    "sign_on.emergency_link": _("Made an emergency sign-in link for %(whom)s"),
    "class_list.make": _("Created the class list “%(whom)s”"),
    "class_list.rename": _("Renamed the class list “%(from)s” to “%(whom)s”"),
    "class_list.change": _("Changed the people of the class list “%(whom)s”"),
    "class_list.delete": _("Deleted the class list “%(whom)s”"),
}
