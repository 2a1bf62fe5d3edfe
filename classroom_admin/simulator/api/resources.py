"""The calls that add, delete and list the files of a room."""

from typing import Any

from classroom_admin.simulator.api.call import Call
from classroom_admin.simulator.api.router import router
from classroom_admin.simulator.checks import Fields, identifier
from classroom_admin.simulator.errors import bad_parameter
from classroom_admin.simulator.world import resources

EXTENSIONS = (
    "ppt",
    "pptx",
    "pptm",
    "docx",
    "doc",
    "xlsx",
    "xls",
    "csv",
    "pdf",
    "mp3",
    "mp4",
    "png",
    "jpg",
    "gif",
)
STATIC = ("ppt", "doc", "docx", "pdf")
DYNAMIC = ("pptx",)


@router.add("PUT", "/v1/rooms/{room}/resources/{resource}", "put_resource", region="optional")
def put_resource(call: Call) -> list[dict[str, Any]]:
    """Add a file to a room. If ``conversion`` is given, the file is converted step by step."""
    fields = call.fields
    name = fields.text("resourceName", under_bytes=64) or call.params["resource"]
    size = fields.integer("size", low=0, required=True) or 0
    ext = fields.choice("ext", EXTENSIONS, required=True)
    url = fields.required_text("url")
    if not url.startswith(("http://", "https://")):
        raise bad_parameter("url", "must begin with http:// or https://")
    resource = resources.put(
        call.world,
        call.room(),
        uuid=call.params["resource"],
        name=name,
        ext=ext,
        size=size,
        url=url,
        conversion=_conversion(fields, ext),
        operator=call.uid,
    )
    return [resources.describe(resource)]


def _conversion(fields: Fields, ext: str) -> dict[str, Any] | None:
    if "conversion" not in fields:
        return None
    conversion = fields.fields("conversion")
    kind = conversion.choice("type", ("static", "dynamic"), required=True)
    if ext not in (STATIC if kind == "static" else DYNAMIC):
        raise bad_parameter("conversion.type", f"{kind} is not possible for {ext}")
    preview = conversion.boolean("preview")
    scale = conversion.number("scale", low=0.1, high=3)
    output = conversion.choice("outputFormat", ("png", "jpg", "jpeg", "webp"))
    if preview is not None and kind != "dynamic":
        raise bad_parameter("conversion.preview", "is only possible with dynamic")
    if (scale is not None or output is not None) and kind != "static":
        raise bad_parameter("conversion.scale", "and outputFormat are only possible with static")
    return fields.object("conversion")


@router.add("DELETE", "/v1/rooms/{room}/resources", "delete_resources", region="optional")
def delete_resources(call: Call) -> None:
    """Delete files. ``resourceUuid`` is an earlier name of ``resourceUuids``."""
    name = "resourceUuids" if "resourceUuids" in call.fields else "resourceUuid"
    if name not in call.fields:
        raise bad_parameter("resourceUuids", "is required")
    uuids = [identifier(name, uuid) for uuid in call.fields.strings(name, required=True)]
    resources.delete(call.world, call.room(), uuids, operator=call.uid)


@router.add("GET", "/v1/rooms/{room}/resources", "list_resources", region="optional")
def list_resources(call: Call) -> list[dict[str, Any]]:
    return [resources.describe(resource) for resource in call.room().resources.values()]
