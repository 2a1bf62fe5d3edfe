"""Share a file with a class by its address, and take files away."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from classroom_admin.actions import resources
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.live.access import signed_in
from classroom_admin.live.commands.answers import went, wrong
from classroom_admin.live.dialogs import ask, sent
from classroom_admin.rooms import class_selectors
from classroom_admin.rooms.access import room_for
from classroom_admin.rooms.models import Resource

EXTENSIONS: Final = (
    "pdf",
    "pptx",
    "ppt",
    "pptm",
    "docx",
    "doc",
    "xlsx",
    "xls",
    "csv",
    "mp4",
    "mp3",
    "png",
    "jpg",
    "gif",
)
STATIC: Final = ("ppt", "doc", "docx", "pdf")
DYNAMIC: Final = ("pptx",)
_FIELDS: Final = {"resourceName": "name", "url": "url", "ext": "ext", "size": "size", "conversion": "convert"}


class AddForm(forms.Form):
    """A file that lies somewhere on the web. Size in bytes: the cloud wants to know."""

    name = forms.CharField(max_length=63, widget=forms.TextInput({"dir": "auto", "autofocus": True}))
    url = forms.URLField(
        max_length=1024,
        assume_scheme="https",
        label="Address",
        help_text="Where the file lies on the web. The cloud and the pupils must be able to open it "
        "without signing in.",
        widget=forms.URLInput({"dir": "ltr", "placeholder": "https://"}),
    )
    ext = forms.ChoiceField(choices=[(ext, ext.upper()) for ext in EXTENSIONS], label="Kind")
    size = forms.IntegerField(min_value=1, max_value=2**40, label="Size in bytes")
    convert = forms.BooleanField(required=False, initial=True)

    @property
    def arguments(self) -> dict[str, Any]:
        """The keyword arguments of the action; conversion where it was asked for and the kind allows it."""
        said = self.cleaned_data
        kind = "static" if said["ext"] in STATIC else "dynamic" if said["ext"] in DYNAMIC else ""
        conversion = {"type": kind} if said["convert"] and kind else None
        return {**{name: said[name] for name in ("name", "url", "ext", "size")}, "conversion": conversion}


class DeleteForm(forms.Form):
    """Which files."""

    files = forms.ModelMultipleChoiceField(
        queryset=Resource.objects.none(), error_messages={"required": "Choose at least one file."}
    )

    def __init__(self, *args: Any, files: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["files"].queryset = files


@require_http_methods(["GET", "POST"])
@signed_in
def add(request: HttpRequest, key: str) -> HttpResponse:
    """GET asks for the file's address; POST shares it."""
    room = room_for(request.user, key)
    form = AddForm(sent(request))
    if request.method == "POST" and form.is_valid():
        try:
            return went(
                request, room, resources.put_resource_by_url(actor=request.user, room=room, **form.arguments)
            )
        except ActionRefused as error:
            wrong(form, error, _FIELDS)
    return ask(
        request, "commands/file_add.html", {"room": room, "form": form}, status=422 if form.is_bound else 200
    )


@require_http_methods(["GET", "POST"])
@signed_in
def delete(request: HttpRequest, key: str) -> HttpResponse:
    """GET asks which files; POST takes them away."""
    room = room_for(request.user, key)
    form = DeleteForm(sent(request), files=class_selectors.resources(room))
    if request.method == "POST" and form.is_valid():
        chosen = list(form.cleaned_data["files"])
        try:
            return went(
                request, room, resources.delete_resources(actor=request.user, room=room, resources=chosen)
            )
        except ActionRefused as error:
            wrong(form, error, {"resourceUuids": "files"})
    chosen = [int(pk) for pk in form["files"].value() or [] if str(pk).isdecimal()]
    context = {"room": room, "form": form, "files": class_selectors.resources(room), "chosen": chosen}
    return ask(request, "commands/files_delete.html", context, status=422 if form.is_bound else 200)
