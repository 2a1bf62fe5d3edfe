"""Problems to show when the cloud refuses a command: what happened and what to do next.

Every documented error has a problem. The audit log stores the problem's code, so that people read the
problem in their own language.
"""

from typing import Any, Final

from classroom_admin.agora import errors
from classroom_admin.agora.errors import CloudError, CloudUnavailable, RateLimited
from classroom_admin.common.problems import Problem

Codes = dict[type[CloudError], str]

# Problems by class of error. The codes in FOR_ACTION take precedence.
CODES: Final[Codes] = {
    errors.BadParameter: "values_rejected",
    errors.Unauthorized: "credentials_rejected",
    errors.ChatMuted: "chat_muted",
    errors.UserBanned: "user_banned",
    errors.PathNotFound: "address_not_found",
    errors.RoomNotFound: "class_deleted",
    errors.UserNotFound: "user_not_found",
    errors.RecordingNotStarted: "recording_not_started",
    errors.RecordingNotEnded: "recording_already_running",
    errors.ClassAlreadyStarted: "class_already_running",
    errors.ClassAlreadyEnded: "class_already_ended",
    errors.Conflict: "state_forbids",
    errors.ClassOver: "class_is_over",
    errors.RecordingAddressMissing: "recording_address_missing",
    errors.RoomTypeDiffers: "room_type_differs",
    errors.RoleFull: "role_full",
    errors.RoomFull: "class_full",
    errors.StageFull: "stage_full",
    errors.NotOnStage: "not_on_stage",
    errors.HandChanged: "hand_changed",
    errors.ScreenNotShared: "screen_not_shared",
    errors.AlreadyInvited: "already_invited",
    errors.RateLimited: "rate_limited",
    errors.CloudFailed: "cloud_failed",
    errors.CloudUnavailable: "cloud_not_reached",
    errors.UnreadableAnswer: "answer_not_understood",
    CloudError: "refused_for_unknown_reason",
}
FOR_ACTION: Final[dict[str, Codes]] = {
    "class.start": {errors.ClassAlreadyEnded: "start_after_end", errors.Conflict: "start_after_close"},
    "class.end": {errors.ClassAlreadyEnded: "end_after_end"},
    "class.close": {errors.ClassAlreadyEnded: "close_after_close", errors.Conflict: "close_while_closing"},
    "class.create": {errors.Conflict: "class_id_taken"},
    "recording.stop": {errors.RecordingNotStarted: "stop_after_stop"},
    "participant.stage_on": {errors.Conflict: "stage_refused"},
    "participant.stage_off": {errors.Conflict: "stage_refused"},
    "participant.lower_hand": dict.fromkeys((errors.Conflict, errors.HandChanged), "hand_already_down"),
    "stage.lower_hands": dict.fromkeys((errors.Conflict, errors.HandChanged), "hand_already_down"),
    "quiz.start": {errors.Conflict: "question_running"},
    "quiz.stop": {errors.Conflict: "question_ended"},
    "poll.start": {errors.Conflict: "question_running"},
    "poll.stop": {errors.Conflict: "question_ended"},
    "recording.pause": dict.fromkeys((errors.BadParameter, errors.Conflict), "pause_impossible"),
    "recording.resume": dict.fromkeys((errors.BadParameter, errors.Conflict), "recording_change_refused"),
    "recording.change": {errors.Conflict: "recording_change_refused"},
    "participant.let_back": dict.fromkeys(
        (errors.BadParameter, errors.UserNotFound, errors.UserBanned, errors.Conflict, CloudError),
        "unban_refused",
    ),
}


def outcome_is_unknown(error: CloudError) -> bool:
    """Return whether a command may have worked although the cloud gave no clear answer."""
    if isinstance(error, CloudUnavailable):
        return error.may_have_happened
    return isinstance(error, errors.UnreadableAnswer | errors.CloudFailed)


def problem_of(error: CloudError, *, action: str) -> Problem:
    """Return the problem to show to a teacher: what happened and what to do next."""
    if isinstance(error, CloudUnavailable) and error.may_have_happened:
        return Problem("outcome_unknown")
    if isinstance(error, RateLimited) and error.retry_after_s:
        return _wait(error.retry_after_s)
    of_action = FOR_ACTION.get(action, {})
    meanings = [meaning for meaning in type(error).__mro__ if issubclass(meaning, CloudError)]
    return Problem(next(code for each in meanings if (code := of_action.get(each) or CODES.get(each))))


def detail_of(error: CloudError, *, action: str) -> dict[str, Any]:
    """Return the details of a refusal for the audit log.

    ``message`` is the cloud's message without tokens. ``found`` is the cause that the client found.
    """
    return {
        "http_status": error.http_status,
        "code": error.code,
        "message": error.message,
        **({"found": error.problem.as_json()} if error.problem else {}),
        "request_id": error.request_id,
        "error": type(error).__name__,
        "reason": problem_of(error, action=action).as_json(),
        "unknown_outcome": outcome_is_unknown(error),
    }


def _wait(seconds: float) -> Problem:
    if seconds <= 1:
        return Problem("rate_limited_for_a_second")
    return Problem("rate_limited_for_seconds", {"seconds": round(seconds + 0.5)})
