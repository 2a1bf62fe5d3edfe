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
        "wall.snooze": (_("Acknowledged alerts of the class"), ""),
        "wall.unsnooze": (_("Cancelled an acknowledgement"), ""),
        "series.plan": (_("Scheduled classes"), ""),
        "series.change": (_("Changed the settings of scheduled classes"), ""),
        "series.move": (_("Moved a scheduled class"), ""),
        "series.retry": (_("Retried scheduled classes"), ""),
        "series.cancel": (_("Cancelled scheduled classes"), ""),
        "series.restore": (_("Scheduled a cancelled class again"), ""),
        "room.use_list": (_("Chose the class list of the class"), _("Choose the class list")),
    },
    _("Participants"): {
        "participant.remove": (_("Removed a participant"), _("Remove")),
        "participant.let_back": (_("Unbanned a participant"), _("Unban")),
        "participant.plan_removal": (_("Scheduled the removal of a participant"), _("Schedule removal of")),
        "participant.call_off_removal": (
            _("Cancelled the removal of a participant"),
            _("Cancel removal of"),
        ),
    },
    _("Recordings"): {
        "recording.start": (_("Started the recording"), _("Start recording")),
        "recording.pause": (_("Paused the recording"), _("Pause recording")),
        "recording.resume": (_("Resumed the recording"), _("Resume recording")),
        "recording.change": (_("Changed the recording's settings"), _("Change recording settings")),
        "recording.stop": (_("Stopped the recording"), _("Stop recording")),
        "recording.files": (
            _("Asked for the files of recordings again"),
            _("Ask for the files of recordings"),
        ),
    },
    _("Files"): {
        "resource.put": (_("Shared a file with the class"), _("Add the file")),
        "resource.delete": (_("Deleted a file of the class"), _("Delete files")),
        "resource.hold_delete": (
            _("Requested deletion of files (can be undone for a moment)"),
            _("Delete files (10 seconds to undo):"),
        ),
        "resource.undo_delete": (_("Undid the deletion of files"), _("Undo deletion of")),
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
    },
    _("People"): {
        "account.create": (_("Added a person"), ""),
        "account.change": (_("Changed a person's details"), ""),
        "account.deactivate": (_("Deactivated a person"), ""),
        "account.reactivate": (_("Reactivated a person"), ""),
        "account.password_reset": (_("Reset a person's password"), ""),
        "account.password_change": (_("Changed their own password"), ""),
        "account.calendar_on": (_("Created a calendar address"), ""),
        "account.calendar_off": (_("Turned off a calendar address"), ""),
    },
    _("Class lists"): {
        "class_list.make": (_("Created a class list"), ""),
        "class_list.rename": (_("Renamed a class list"), ""),
        "class_list.change": (_("Changed the people of a class list"), _("Change the class list")),
        "class_list.delete": (_("Deleted a class list"), ""),
    },
    _("Sign-in"): {
        "account.sign_in": (_("Signed in"), ""),
        "account.sign_in_failed": (_("Failed to sign in"), ""),
        "account.sign_out": (_("Signed out"), ""),
    },
    _("Cloud"): {
        "cloud.test": (_("Tested the cloud connection"), ""),
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
