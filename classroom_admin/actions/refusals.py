"""Sentences for people when the cloud refuses: what happened and what to do next.

There is one for every error of the contract. The audit log stores how it was made, so that everybody reads it
in their own language.
"""

from typing import Any, Final

from classroom_admin.agora import errors
from classroom_admin.agora.errors import CloudError, CloudUnavailable, RateLimited
from classroom_admin.core import language
from classroom_admin.core.sentence import Sentence, joined

Sentences = dict[type[CloudError], Sentence]


def _then(what: Sentence, next_step: Sentence) -> Sentence:
    return joined((what, next_step))


_RELOAD: Final = Sentence(
    "Reload the page to see how the class stands, then try again if it is still needed."
)
_NOTHING: Final = Sentence("There is nothing more to do.")
_NEW_CLASS: Final = Sentence("Create a new class to go on.")
_SETTINGS: Final = Sentence("Ask an administrator to open Settings and test the cloud connection.")
_GUESSED: Final = Sentence(
    "The cloud refused to let this person back in: its documents do not promise that this works. A removal "
    "for a time ends by itself; after a removal for good they can only join a new class."
)

UNKNOWN: Final = Sentence(
    "The cloud did not answer in time, so it is not known whether this was done. Wait until the page shows "
    "it; if it doesn't within a minute, try again."
)

# By meaning. Where an action has a more special one (below), that goes first.
SENTENCES: Final[Sentences] = {
    errors.BadParameter: Sentence(
        "The cloud found something wrong in what was asked; nothing was done. Check what you entered."
    ),
    errors.Unauthorized: _then(
        Sentence("The cloud did not accept this school's App ID, certificate or clock; nothing was done."),
        _SETTINGS,
    ),
    errors.ChatMuted: Sentence(
        "Chat is muted in this class; nothing was done. Unmute it first, then try again."
    ),
    errors.UserBanned: Sentence(
        "This person was removed and may not enter; nothing was done. Let them back in first."
    ),
    errors.PathNotFound: _then(
        Sentence(
            "The cloud does not know the address, so the region or the App ID may be wrong; nothing was done."
        ),
        _SETTINGS,
    ),
    errors.RoomNotFound: _then(
        Sentence("The cloud does not have this class any more: it deletes a class an hour after its end."),
        _NEW_CLASS,
    ),
    errors.UserNotFound: Sentence(
        "The cloud does not know this person in this class; nothing was done. Reload to see who is in it."
    ),
    errors.RecordingNotStarted: Sentence(
        "No recording is running; nothing was done. Start a recording first."
    ),
    errors.RecordingNotEnded: Sentence("A recording is running already. Stop it before you start another."),
    errors.ClassAlreadyStarted: _then(Sentence("The class is running already."), _NOTHING),
    errors.ClassAlreadyEnded: _then(Sentence("The class has ended already; nothing was done."), _NEW_CLASS),
    errors.Conflict: _then(
        Sentence("The class is in a state in which this can't be done; nothing was done."), _RELOAD
    ),
    errors.RateLimited: Sentence(
        "The cloud is being asked too often just now; nothing was done. Try again in a few seconds."
    ),
    errors.CloudFailed: Sentence(
        "The cloud had an error of its own, so it is not known whether this was done. Wait until the page "
        "shows it; if it doesn't within a minute, try again."
    ),
    errors.CloudUnavailable: Sentence(
        "The cloud could not be reached; nothing was done. Check the internet connection, then try again."
    ),
    errors.UnreadableAnswer: Sentence(
        "The cloud's answer could not be read, so it is not known whether this was done. Wait until the page "
        "shows it; if it doesn't within a minute, try again."
    ),
    CloudError: Sentence(
        "The cloud refused this for a reason that is not known here. Try again; if it stays so, show "
        "an administrator the details in the list of what was done."
    ),
}
FOR_ACTION: Final[dict[str, Sentences]] = {
    "class.start": {
        errors.ClassAlreadyEnded: _then(
            Sentence("The class has ended already and can't be started again."), _NEW_CLASS
        ),
        errors.Conflict: _then(
            Sentence("The class is closed or about to close and can't be started again."), _NEW_CLASS
        ),
    },
    "class.end": {
        errors.ClassAlreadyEnded: _then(Sentence("The class has ended already."), _NOTHING),
    },
    "class.close": {
        errors.ClassAlreadyEnded: _then(Sentence("The class is closed already."), _NOTHING),
        errors.Conflict: _then(Sentence("The class is closed already, or just being closed."), _RELOAD),
    },
    "class.create": {
        errors.Conflict: Sentence(
            "The cloud has a class of this id already. Create it once more: it gets a new id."
        ),
    },
    "recording.stop": {
        errors.RecordingNotStarted: _then(
            Sentence("No recording is running: it has stopped already."), _NOTHING
        ),
    },
    "recording.pause": {
        errors.Conflict: Sentence(
            "This recording can't be paused: only a running web recording can. Stop it instead."
        ),
    },
    "participant.let_back": dict.fromkeys(
        (errors.BadParameter, errors.UserNotFound, errors.UserBanned, errors.Conflict, CloudError), _GUESSED
    ),
}


def outcome_is_unknown(error: CloudError) -> bool:
    """Return whether the command may have worked: it may have arrived, and no readable refusal came back."""
    if isinstance(error, CloudUnavailable):
        return error.may_have_happened
    return isinstance(error, errors.UnreadableAnswer | errors.CloudFailed)


def sentence_for(error: CloudError, *, action: str) -> Sentence:
    """Return what happened and what to do next, for a teacher."""
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
    """Return what the audit log stores of a refusal. ``message`` is the cloud's own, without tokens."""
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
    """Return the sentence with the seconds to wait, where the cloud told them."""
    if not error.retry_after_s:
        return found
    if error.retry_after_s <= 1:
        return Sentence(
            "The cloud is being asked too often just now; nothing was done. Try again in 1 second."
        )
    return Sentence(
        "The cloud is being asked too often just now; nothing was done. Try again in {seconds} seconds.",
        seconds=round(error.retry_after_s + 0.5),
    )
