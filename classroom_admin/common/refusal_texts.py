"""Define the English texts of commands that the cloud refused or did not answer, by problem code."""

from typing import Final

from django.utils.translation import gettext_noop as _

# Next steps for the user.
_RELOAD: Final = _("Reload the page to see the state of the class. Then repeat the command if necessary.")
_NOTHING: Final = _("You don't need to do anything.")
_NEW_CLASS: Final = _("Create a new class to continue.")
_SETTINGS: Final = _("Ask an administrator to open Settings and test the cloud connection.")
REFUSALS: Final[dict[str, str | tuple[str, ...]]] = {
    "outcome_unknown": _(
        "The cloud did not answer in time, so it is unclear whether the command worked. Wait for the page "
        "to show the result. If no result appears within a minute, try again."
    ),
    "values_rejected": _(
        "The cloud rejected the entered values. Nothing was changed. Check what you entered."
    ),
    "credentials_rejected": (
        _("The cloud did not accept this school's App ID, certificate or clock. Nothing was changed."),
        _SETTINGS,
    ),
    "chat_muted": _(
        "Chat is muted in this class. Nothing was changed. Unmute the chat first, then try again."
    ),
    "user_banned": _("This person is banned. Nothing was changed. Unban the person first."),
    "address_not_found": (
        _(
            "The cloud does not know the address of this command, so nothing was changed. The region or "
            "the App ID may be wrong."
        ),
        _SETTINGS,
    ),
    "class_deleted": (
        _(
            "The cloud does not have this class. It deletes a class an hour after the class ends. It also "
            "answers like this if AGORA_REGION is wrong."
        ),
        _NEW_CLASS,
    ),
    "user_not_found": _(
        "The cloud did not find this person in this class. Nothing was changed. Reload the "
        "page to see who is present."
    ),
    "recording_not_started": _("No recording is running. Nothing was changed. Start a recording first."),
    "recording_already_running": _("A recording is already running. Stop it before you start another."),
    "class_already_running": (_("The class is already running."), _NOTHING),
    "class_already_ended": (_("The class has already ended. Nothing was changed."), _NEW_CLASS),
    "state_forbids": (
        _(
            "The cloud does not allow this command now, for example because the class has not started or "
            "is over. Nothing was changed."
        ),
        _RELOAD,
    ),
    "rate_limited": _("Too many requests to the cloud. Nothing was changed. Try again in a few seconds."),
    "rate_limited_for_a_second": _(
        "Too many requests to the cloud. Nothing was changed. Try again in 1 second."
    ),
    "rate_limited_for_seconds": _(
        "Too many requests to the cloud. Nothing was changed. Try again in {seconds} seconds."
    ),
    "cloud_failed": _(
        "The cloud had an internal error, so it is unclear whether the command worked. Wait for the page "
        "to show the result. If no result appears within a minute, try again."
    ),
    "cloud_not_reached": _(
        "The cloud could not be reached. Nothing was changed. Check the internet connection, then try again."
    ),
    "answer_not_understood": _(
        "The cloud's answer could not be read, so it is unclear whether the command worked. Wait for the "
        "page to show the result. If no result appears within a minute, try again."
    ),
    "refused_for_unknown_reason": _(
        "The cloud refused the command for an unknown reason. Try again. If it fails again, "
        "show an administrator the details under “Commands”."
    ),
    "not_offered_by_cloud": _(
        "This cloud project does not offer this feature: {what}. Nothing was changed. The dashboard "
        "tests the feature again every day. An administrator can test it now in Settings."
    ),
    "stage_refused": _(
        "The cloud refused this command. The stage may be full, or the person may already be on or "
        "off the stage. Nothing was changed."
    ),
    "question_running": _("Another quiz or poll is running. End it first."),
    "question_ended": (_("The quiz or poll has already ended."), _NOTHING),
    "hand_already_down": (_("The hand is already lowered."), _NOTHING),
    "start_after_end": (_("The class has already ended and can't be started again."), _NEW_CLASS),
    "start_after_close": (
        _("The class is closed or about to close, and can't be started again."),
        _NEW_CLASS,
    ),
    "end_after_end": (_("The class has already ended."), _NOTHING),
    "close_after_close": (_("The class is already closed."), _NOTHING),
    "close_while_closing": (_("The class is already closed or is closing."), _RELOAD),
    "class_id_taken": _(
        "The cloud already has a class with this id. Create the class again: it gets a new id."
    ),
    "stop_after_stop": (_("The recording has already stopped."), _NOTHING),
    "pause_impossible": _(
        "This recording can't be paused right now. If it is a web recording, try again in a minute. Other "
        "recordings can't be paused, but you can stop them."
    ),
    "recording_change_refused": _(
        "This recording can't be changed right now. If it is a web recording, try again in a minute. Other "
        "recordings can't be changed."
    ),
    "recording_address_missing": _("Enter the address of the page to record. Nothing was changed."),
    "room_type_differs": _(
        "The cloud already has this class with another type. Nothing was changed. Create a new class."
    ),
    "class_is_over": (_("The class is over. Nothing was changed."), _NEW_CLASS),
    "role_full": _("The class already has the maximum number of people with this role. Nothing was changed."),
    "class_full": _("The class is full. Nothing was changed."),
    "stage_full": _("The stage is full. Take someone off the stage first. Nothing was changed."),
    "not_on_stage": (_("The person is not on stage."), _RELOAD),
    "hand_changed": (_("The hand was raised or lowered in the meantime. Nothing was changed."), _RELOAD),
    "screen_not_shared": (_("The person is not sharing a screen."), _NOTHING),
    "already_invited": (_("The person has already been invited to the stage."), _NOTHING),
    "unban_refused": _(
        "The cloud refused to unban this person. A temporary ban ends automatically; after a "
        "permanent ban, the person can only join a new class."
    ),
}
