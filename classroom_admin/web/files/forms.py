"""Forms to add a file from the computer or from the web, and to delete files."""

from typing import Any, Final

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from classroom_admin.actions.files.kinds import (
    NAME_BYTES,
    conversion_type,
    ext_of,
    problem_with_kind,
    shareable,
)
from classroom_admin.agora.parameters import OUTPUT_FORMATS, RESOURCE_EXTS
from classroom_admin.rooms.models import Resource
from classroom_admin.web.parameters import RowsField

COMPUTER: Final = "computer"
WEB: Final = "web"
FIELDS: Final = {
    "resourceName": "name",
    "url": "url",
    "ext": "ext",
    "size": "size",
    "file": "file",
    "conversion": "convert",
    "conversion.scale": "scale",
    "conversion.outputFormat": "output",
    "conversion.preview": "preview",
}
"""The form field of each setting, by the cloud's name of the setting."""
_ORDER: Final = (
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
EXTENSIONS: Final = sorted(RESOURCE_EXTS, key=_ORDER.index)


class UploadForm(forms.Form):
    """A form that uploads a file.

    It accepts an empty file, because `uploads.take` has a better error message.
    """

    file = forms.FileField(
        label=_("File"), allow_empty_file=True, error_messages={"required": _("Choose a file.")}
    )


class AddForm(forms.Form):
    """A form that adds a file from the web or from the user's computer.

    `upload` is the key of a file that was uploaded before. The cloud needs the size of a web file in bytes.
    """

    way = forms.ChoiceField(choices=[(COMPUTER, ""), (WEB, "")], required=False)
    file = forms.FileField(required=False, allow_empty_file=True, label=_("File"))
    upload = forms.CharField(required=False, max_length=64)
    url = forms.URLField(
        required=False,
        max_length=1024,
        assume_scheme="https",
        label=_("Address"),
        help_text=_("The cloud and the students must be able to open this address without signing in."),
        widget=forms.URLInput({"dir": "ltr", "placeholder": "https://"}),
    )
    ext = forms.ChoiceField(
        required=False, choices=[(ext, ext.upper()) for ext in EXTENSIONS], label=_("Type")
    )
    size = forms.IntegerField(required=False, min_value=1, max_value=2**40, label=_("Size in bytes"))
    name = forms.CharField(
        required=False,
        max_length=NAME_BYTES,
        label=pgettext_lazy("thing", "Name"),
        widget=forms.TextInput({"dir": "auto"}),
    )
    convert = forms.BooleanField(required=False, initial=True)
    scale = forms.FloatField(
        required=False,
        label=_("Sharpness"),
        help_text=_("0.1 to 3; default 1.2. Higher values give sharper pages, but take longer."),
        widget=forms.TextInput({"inputmode": "decimal", "placeholder": "1.2"}),
    )
    output = forms.ChoiceField(
        required=False,
        choices=[("", _("Cloud default (PNG)")), *((kind, kind.upper()) for kind in OUTPUT_FORMATS)],
        label=_("Image format"),
    )
    preview = forms.BooleanField(required=False, label=_("Also create thumbnails"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        allowed = shareable(allow_macros=settings.FILES_ALLOW_MACROS)
        field: Any = self.fields["ext"]
        field.choices = [(ext, ext.upper()) for ext in EXTENSIONS if ext in allowed]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        cleaned["way"] = self.chosen_way
        if cleaned["way"] == WEB:
            needed = {
                "url": _("Enter the web address of the file."),
                "size": _("Enter the size in bytes. The cloud requires it."),
                "name": _("Enter a name for the file."),
            }
        else:
            has_file = cleaned.get("file") is not None or cleaned.get("upload")
            needed = {} if has_file else {"file": _("Choose a file.")}
        for name, words in needed.items():
            if not cleaned.get(name) and name not in self.errors:
                self.add_error(name, words)
        ext = cleaned.get("ext") or ext_of(cleaned.get("name") or "")
        wrong = problem_with_kind(ext, allow_macros=settings.FILES_ALLOW_MACROS)
        if wrong and cleaned["way"] == WEB:
            self.add_error("ext", wrong)
        return cleaned

    @property
    def chosen_way(self) -> str:
        """The chosen source: WEB or COMPUTER. If none was chosen, it is WEB if `url` has a value."""
        given = self.data.get("way")
        return given if given in (COMPUTER, WEB) else WEB if self.data.get("url") else COMPUTER

    def conversion_for(self, ext: str) -> dict[str, Any] | None:
        """Return the conversion and its options for this file type, or None if none was requested."""
        cleaned, kind = self.cleaned_data, conversion_type(ext)
        if not cleaned["convert"] or not kind:
            return None
        if kind == "dynamic":
            return {"type": kind, "preview": True} if cleaned["preview"] else {"type": kind}
        options = {"scale": cleaned["scale"], "outputFormat": cleaned["output"]}
        return {"type": kind} | {name: value for name, value in options.items() if value not in (None, "")}

    @property
    def web_arguments(self) -> dict[str, Any]:
        """The keyword arguments for `put_resource_by_url`."""
        cleaned = self.cleaned_data
        ext = cleaned["ext"] or ext_of(cleaned["name"]) or EXTENSIONS[0]
        named = {name: cleaned[name] for name in ("name", "url", "size")}
        return {**named, "ext": ext, "conversion": self.conversion_for(ext)}


class DeleteForm(forms.Form):
    """A form that selects the files to delete."""

    files = RowsField(  # type: ignore[assignment]
        queryset=Resource.objects.none(), error_messages={"required": _("Select at least one file.")}
    )

    def __init__(self, *args: Any, files: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["files"]
        field.queryset = files
