"""The error responses of the cloud, as an exception with the HTTP status and the business code."""


class CloudError(Exception):
    """An error response. If the vendor defines no ``code`` for it, ``code`` equals ``status``."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


def bad_parameter(field: str, why: str) -> CloudError:
    """Return an error 400 that names the field."""
    return CloudError(400, 400, f"{field}: {why}")


def unauthorized(why: str) -> CloudError:
    return CloudError(401, 401, why)


def no_such_path() -> CloudError:
    return CloudError(404, 404, "no such path")


def no_such_room() -> CloudError:
    return CloudError(404, 20404100, "room does not exist")


def no_such_user() -> CloudError:
    return CloudError(404, 20404200, "user does not exist")


def user_banned() -> CloudError:
    return CloudError(403, 30403100, "this user may not enter the room")


def chat_muted() -> CloudError:
    return CloudError(403, 30403200, "chat is muted in this room")


def class_started() -> CloudError:
    return CloudError(409, 30409100, "class has been started")


def class_ended() -> CloudError:
    return CloudError(409, 30409101, "class has been ended")


def recording_not_started() -> CloudError:
    return CloudError(409, 30409410, "recording has not been started")


def recording_not_ended() -> CloudError:
    return CloudError(409, 30409411, "recording has not been ended")


def conflict(why: str) -> CloudError:
    return CloudError(409, 20409000, why)


def room_ended() -> CloudError:
    return CloudError(410, 20410100, "the room has ended")


def class_over() -> CloudError:
    return CloudError(410, 30410100, "the class is over")


def role_full(role: int) -> CloudError:
    return CloudError(403, 20403001, f"no more users of role {role} may enter")


def stage_full() -> CloudError:
    return CloudError(429, 30429461, "the stage is full")


def hand_conflict(why: str) -> CloudError:
    return CloudError(409, 30409460, why)


def not_on_stage() -> CloudError:
    return CloudError(404, 30404462, "the user is not on the stage")


def screen_not_shared() -> CloudError:
    return CloudError(409, 30409103, "the user does not share a screen")


def already_invited() -> CloudError:
    return CloudError(409, 30409601, "the user is already invited")


def root_url_empty() -> CloudError:
    return CloudError(400, 30400412, "webRecordConfig.rootUrl: is required if there is no url")


def no_such_group(uuid: str) -> CloudError:
    return CloudError(404, 404, f"{uuid} is not an open breakout room")
