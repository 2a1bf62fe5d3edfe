"""The error responses of the cloud, as an exception with the HTTP status and the business code."""


class CloudError(Exception):
    """An error response. ``code`` equals ``status`` if the contract defines no business code."""

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
