"""Base classes of calls to the cloud. A call validates its parameters; `Client.send` sends it."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Generic, TypeVar, cast
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from classroom_admin.agora.answers import RawAnswer, read_envelope
from classroom_admin.agora.config import CloudConfig
from classroom_admin.agora.errors import InvalidArgument
from classroom_admin.agora.fields import Wrong

A = TypeVar("A")


class CloudCall(BaseModel, Generic[A]):
    """A call to the cloud with its parameters. `A` is the type of the parsed response.

    The constructor raises `InvalidArgument` for the first parameter that the cloud would reject. Subclasses
    set `method` and `template` (the path). If the cloud does not know this path, the client tries
    `other_template`. If `repeat` is True, the client may send the call again even if the cloud may have
    received it. `why` gives the reason. If `patient` is True, the client waits and retries after status 429,
    and if no host answers. Otherwise it raises the error.

    If nothing was sent, the client always tries the other host. After status 401, it tries a new token once.

    `capability` names a feature that some projects lack. It is "" if every project offers the call. If
    `customer` is True, the call is sent with the customer id and secret instead of a token.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    method: ClassVar[str]
    template: ClassVar[str]
    other_template: ClassVar[str] = ""
    repeat: ClassVar[bool]
    why: ClassVar[str]
    patient: ClassVar[bool] = True
    capability: ClassVar[str] = ""
    customer: ClassVar[bool] = False

    def __init__(self, **arguments: Any) -> None:
        try:
            super().__init__(**arguments)
        except ValidationError as error:
            wrong = invalid_argument(error, of=type(self))
        else:
            return
        raise wrong  # outside the handler: the exception's context would contain the arguments

    def path(self, config: CloudConfig, *, template: str = "") -> str:
        """Return the path: the template with percent-encoded values. Slashes in values are also encoded."""
        parts = {"region": config.region, "appId": config.app_id}
        by_upstream = {upstream_name(type(self), name): name for name in type(self).model_fields}

        def part(found: re.Match[str]) -> str:
            name = found[1]
            value = parts[name] if name in parts else getattr(self, by_upstream[name])
            return quote(str(value), safe="")

        return re.sub(r"\{(\w+)\}", part, template or self.template)

    def query(self) -> Mapping[str, str]:
        return {}

    def body(self) -> Any:
        """Return the JSON value to send as the body, or None to send no body."""
        return None

    def method_for(self, config: CloudConfig) -> str:
        return self.method

    def read(self, raw: RawAnswer) -> tuple[A, int | None]:
        """Return the parsed response and the cloud's time (ms). Raise `CloudError` if the code is not 0."""
        envelope = read_envelope(raw.body, http_status=raw.http_status, request_id=raw.request_id)
        return self.answer(envelope.data), envelope.ts

    def answer(self, data: Any) -> A:
        """Convert the envelope's `data` to type `A`. The default is to ignore the data and return None."""
        return cast(A, None)


def upstream_name(cls: type[BaseModel], name: str) -> str:
    """Return the cloud's name for a field of a call."""
    field = cls.model_fields.get(name)
    return name if field is None else field.serialization_alias or to_camel(name)


def invalid_argument(error: ValidationError, *, of: type[BaseModel]) -> InvalidArgument:
    """Return an `InvalidArgument` for the first validation error, with the cloud's name for the field."""
    first = error.errors(include_url=False)[0]
    head, *inside = first["loc"] or ("",)
    names = [upstream_name(of, str(head)), *(to_camel(name) for name in inside if isinstance(name, str))]
    if first["type"] == "missing":
        return InvalidArgument(".".join(names), "missing")
    wrong = first.get("ctx", {}).get("error")
    if not isinstance(wrong, Wrong):
        raise TypeError(f"{of.__name__}: {first['type']} at {first['loc']}")
    field = ".".join(name for name in (*names, wrong.at) if name)
    return InvalidArgument(field, wrong.problem.code, **wrong.problem.params)


def given(**parts: Any) -> dict[str, Any]:
    """Return the arguments that are not None as a dict."""
    return {name: value for name, value in parts.items() if value is not None}


class ReadCall(CloudCall[A]):
    method = "GET"
    repeat = True
    why = "a read changes nothing"


class SameCall(CloudCall[A]):
    repeat = True
    why = "the second time writes the same values again; at worst the room gets the same event twice"


class OnceCall(CloudCall[A]):
    repeat = False
