"""Every kind of action that can be on record, in plain words."""

from __future__ import annotations

from typing import Final

GROUPS: Final[dict[str, dict[str, str]]] = {
    "Classes": {
        "class.create": "Created the class",
        "class.start": "Started the class",
        "class.end": "Ended the class",
        "class.close": "Closed the class",
        "room.assign": "Gave the class to a person",
        "room.unassign": "Took the class from a person",
    },
    "Participants": {
        "participant.remove": "Removed a participant",
        "participant.let_back": "Let a participant back in",
    },
    "Recordings": {
        "recording.start": "Started the recording",
        "recording.pause": "Paused the recording",
        "recording.resume": "Resumed the recording",
        "recording.change": "Changed the recording's settings",
        "recording.stop": "Stopped the recording",
    },
    "Resources": {
        "resource.put": "Shared a file with the class",
        "resource.hold_delete": "Asked to delete files of the class (held back for a moment)",
        "resource.undo_delete": "Took back the deletion of files",
        "resource.delete": "Deleted a file of the class",
    },
    "Properties": {
        "room.set_properties": "Set properties of the class",
        "room.delete_properties": "Deleted properties of the class",
        "participant.set_properties": "Set properties of a participant",
        "participant.delete_properties": "Deleted properties of a participant",
        "ext_app.set_properties": "Set properties of an extension",
        "ext_app.delete_properties": "Deleted properties of an extension",
    },
    "Breakout rooms": {
        "groups.open": "Made breakout rooms",
        "groups.close": "Removed breakout rooms",
    },
    "People": {
        "account.create": "Added a person",
        "account.change": "Changed a person's details",
        "account.deactivate": "Deactivated a person",
        "account.reactivate": "Reactivated a person",
        "account.password_reset": "Reset a person's password",
        "account.password_change": "Changed their own password",
    },
    "Sign-in": {
        "account.sign_in": "Signed in",
        "account.sign_in_failed": "Tried to sign in and failed",
        "account.sign_out": "Signed out",
    },
    "Cloud": {
        "cloud.test": "Tested the cloud connection",
    },
}
LABELS: Final[dict[str, str]] = {
    action: words for group in GROUPS.values() for action, words in group.items()
}


def label(action: str) -> str:
    """The action in plain words; an action that this version does not know is shown by its name."""
    return LABELS.get(action, action)
