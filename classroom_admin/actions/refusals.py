"""What people read when the cloud refuses: what happened and what to do next.

There is a sentence for every error of the contract. The record keeps how it was made, so that it is read in
the reader's language.
"""

from typing import Any, Final

from classroom_admin.agora import errors
from classroom_admin.agora.errors import CloudError, CloudUnavailable, RateLimited
from classroom_admin.common import language
from classroom_admin.common.sentence import Sentence, joined

Sentences = dict[type[CloudError], Sentence]


def _then(what: Sentence, next_step: Sentence) -> Sentence:
    return joined((what, next_step))


_RELOAD: Final = Sentence("Reload the page to see the state of the class. Try again if it is still needed.")
_NOTHING: Final = Sentence("You don't need to do anything.")
_NEW_CLASS: Final = Sentence("Create a new class to continue.")
_SETTINGS: Final = Sentence("Ask an administrator to open Settings and test the cloud connection.")
_GUESSED: Final = Sentence(
    "The cloud refused to unban this person. A temporary ban ends automatically; after a "
    "permanent ban, the person can only join a new class."
)

UNKNOWN: Final = Sentence(
    "The cloud did not answer in time, so it is unclear whether the command worked. Wait "
    "for the page to show the result. If it does not within a minute, try again."
)

# By meaning. Where an action has a more special one (below), that goes first.
SENTENCES: Final[Sentences] = {
    errors.BadParameter: Sentence(
        "The cloud rejected the entered values. Nothing was changed. Check what you entered."
    ),
    errors.Unauthorized: _then(
        Sentence("The cloud did not accept this school's App ID, certificate or clock. Nothing was changed."),
        _SETTINGS,
    ),
    errors.ChatMuted: Sentence(
        "Chat is muted in this class. Nothing was changed. Unmute the chat first, then try again."
    ),
    errors.UserBanned: Sentence("This person is banned. Nothing was changed. Unban the person first."),
    errors.PathNotFound: _then(
        Sentence(
            "The cloud did not find the address, so the region or the App ID may be wrong. "
            "Nothing was changed."
        ),
        _SETTINGS,
    ),
    errors.RoomNotFound: _then(
        Sentence("The cloud no longer has this class. It deletes a class an hour after the class ends."),
        _NEW_CLASS,
    ),
    errors.UserNotFound: Sentence(
        "The cloud did not find this person in this class. Nothing was changed. Reload the "
        "page to see who is present."
    ),
    errors.RecordingNotStarted: Sentence(
        "No recording is running. Nothing was changed. Start a recording first."
    ),
    errors.RecordingNotEnded: Sentence("A recording is already running. Stop it before you start another."),
    errors.ClassAlreadyStarted: _then(Sentence("The class is already running."), _NOTHING),
    errors.ClassAlreadyEnded: _then(
        Sentence("The class has already ended. Nothing was changed."), _NEW_CLASS
    ),
    errors.Conflict: _then(
        Sentence("The current state of the class does not allow this. Nothing was changed."), _RELOAD
    ),
    errors.RateLimited: Sentence(
        "Too many requests to the cloud. Nothing was changed. Try again in a few seconds."
    ),
    errors.CloudFailed: Sentence(
        "The cloud had an internal error, so it is unclear whether the command worked. Wait "
        "for the page to show the result. If it does not within a minute, try again."
    ),
    errors.CloudUnavailable: Sentence(
        "The cloud could not be reached. Nothing was changed. Check the internet connection, then try again."
    ),
    errors.UnreadableAnswer: Sentence(
        "The cloud's answer could not be read, so it is unclear whether the command worked. "
        "Wait for the page to show the result. If it does not within a minute, try again."
    ),
    CloudError: Sentence(
        "The cloud refused the command for an unknown reason. Try again. If it fails again, "
        "show an administrator the details under “Commands”."
    ),
}
FOR_ACTION: Final[dict[str, Sentences]] = {
    "class.start": {
        errors.ClassAlreadyEnded: _then(
            Sentence("The class has already ended and can't be started again."), _NEW_CLASS
        ),
        errors.Conflict: _then(
            Sentence("The class is closed or about to close, and can't be started again."), _NEW_CLASS
        ),
    },
    "class.end": {
        errors.ClassAlreadyEnded: _then(Sentence("The class has already ended."), _NOTHING),
    },
    "class.close": {
        errors.ClassAlreadyEnded: _then(Sentence("The class is already closed."), _NOTHING),
        errors.Conflict: _then(Sentence("The class is already closed or is closing."), _RELOAD),
    },
    "class.create": {
        errors.Conflict: Sentence(
            "The cloud already has a class with this id. Create the class again: it gets a new id."
        ),
    },
    "recording.stop": {
        errors.RecordingNotStarted: _then(
            Sentence("No recording is running: it has already stopped."), _NOTHING
        ),
    },
    "recording.pause": {
        errors.Conflict: Sentence(
            "This recording can't be paused. Only a running web recording can. Stop it instead."
        ),
    },
    "participant.let_back": dict.fromkeys(
        (errors.BadParameter, errors.UserNotFound, errors.UserBanned, errors.Conflict, CloudError), _GUESSED
    ),
}


def outcome_is_unknown(error: CloudError) -> bool:
    """Whether the command may have worked all the same: it may have arrived, and no readable refusal came
    back.
    """
    if isinstance(error, CloudUnavailable):
        return error.may_have_happened
    return isinstance(error, errors.UnreadableAnswer | errors.CloudFailed)


def sentence_for(error: CloudError, *, action: str) -> Sentence:
    """What happened and what to do next, in words for a teacher."""
    if isinstance(error, CloudUnavailable) and error.may_have_happened:
        return UNKNOWN
    for meaning in type(error).__mro__:
        if not issubclass(meaning, CloudError):
            break
        found = FOR_ACTION.get(action, {}).get(meaning) or SENTENCES.get(meaning)
        if found is not None:
            return _with_wait(found, error) if isinstance(error, RateLimited) else found
    return SENTENCES[CloudError]


def detail_of(error: CloudError, *, action: str) -> dict[str, Any]:
    """What the record keeps of a refusal. ``message`` is the cloud's own, with anything like a token blanked
    out.
    """
    return {
        "http_status": error.http_status,
        "code": error.code,
        "message": error.message,
        "request_id": error.request_id,
        "error": type(error).__name__,
        **language.kept(sentence_for(error, action=action)),
        "unknown_outcome": outcome_is_unknown(error),
    }


def _with_wait(found: Sentence, error: CloudError) -> Sentence:
    """The same with the seconds in it, where the cloud told them."""
    if not error.retry_after_s:
        return found
    if error.retry_after_s <= 1:
        return Sentence("Too many requests to the cloud. Nothing was changed. Try again in 1 second.")
    return Sentence(
        "Too many requests to the cloud. Nothing was changed. Try again in {seconds} seconds.",
        seconds=round(error.retry_after_s + 0.5),
    )
