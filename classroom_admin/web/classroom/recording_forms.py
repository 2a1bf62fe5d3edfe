"""Forms for all documented settings of a recording.

The client in `agora` validates the values. This module has the error messages.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from classroom_admin.agora.errors import InvalidArgument
from classroom_admin.agora.recording_and_file_calls import StartRecording, UpdateRecording
from classroom_admin.common.problem_texts import in_words
from classroom_admin.common.problems import Problem

CLOUD_NAMES: Final = {
    "url": "rootUrl",
    "whole_url": "url",
    "width": "videoWidth",
    "height": "videoHeight",
    "fps": "videoFps",
    "bitrate": "videoBitrate",
    "audio": "audioProfile",
    "onhold": "onhold",
    "rtmp": "publishRtmp",
    "hours": "maxRecordingHour",
}
"""The cloud's name for each form field."""
RETRY: Final = "retryTimeout"
FIELDS: Final[dict[str, str | None]] = {
    **{f"webRecordConfig.{cloud_name}": name for name, cloud_name in CLOUD_NAMES.items()},
    RETRY: "retry_s",
    "webRecordConfig": None,
}
ADDRESSES: Final = ("url", "whole_url")
_ERRORS: Final = {
    "url": _("Enter a full web address that starts with https:// (write a space as %20)."),
    "whole_url": _("Enter a full web address that starts with https:// (write a space as %20)."),
    "width": _("Enter 480 to 1920 pixels. Width times height can be at most 1920 × 1080."),
    "height": _("Enter 480 to 1920 pixels. Width times height can be at most 1920 × 1080."),
    "fps": _("Enter a whole number from 5 to 60."),
    "bitrate": _("Enter a whole number from 50 to 8000."),
    "hours": _("Enter a whole number from 1 to 720."),
    "retry_s": _("Enter a whole number of seconds, 1 or more."),
}
_NO_ADDRESS: Final = _("Enter the address of the page that the cloud should open and record.")
AUDIO: Final = [
    ("", _("Default: speech, mono")),
    ("0", _("Speech, mono (48 kbit/s)")),
    ("1", _("Music, mono (128 kbit/s)")),
    ("2", _("Music, stereo (192 kbit/s)")),
]


def _number(label: Any, hint: Any, placeholder: Any) -> forms.IntegerField:
    # Do not set min and max, because the browser's message would hide the error message of this module.
    widget = forms.TextInput({"inputmode": "numeric", "placeholder": placeholder, "autocomplete": "off"})
    return forms.IntegerField(required=False, label=label, help_text=hint, widget=widget)


def _address(label: Any, hint: Any) -> forms.CharField:
    widget = forms.URLInput({"dir": "ltr", "placeholder": "https://"})
    return forms.CharField(required=False, max_length=1024, label=label, help_text=hint, widget=widget)


def wrong_settings(*, web_config: Mapping[str, Any], retry_timeout_s: int | None) -> dict[str, Problem]:
    """Return the problems by the cloud's names of the settings. A missing URL is not a problem here.

    Settings are checked one by one, so that one call finds all problems. Width and height are checked
    together, because their limits depend on each other.
    """
    size = {name: value for name, value in web_config.items() if name in ("videoWidth", "videoHeight")}
    groups = [size] if size else []
    groups += [{name: value} for name, value in web_config.items() if name not in size]
    wrong: dict[str, Problem] = {}
    for group in groups:
        wrong |= _wrong(partial(UpdateRecording, room_uuid="any", web_config={"onhold": False, **group}))
    return wrong | _wrong(lambda: StartRecording(room_uuid="any", retry_timeout_s=retry_timeout_s))


def _wrong(make: Callable[[], object]) -> dict[str, Problem]:
    try:
        make()
    except InvalidArgument as error:
        return {error.field: error.problem}
    return {}


class SettingsForm(forms.Form):
    """A form for the settings of a web recording.

    If `still_typing` is True, a missing URL is not an error.
    """

    url = _address(
        _("Address of the page to record"),
        _(
            "The address of your school's classroom app. The cloud adds the class to this address, and "
            "opens the page like a student who only watches."
        ),
    )
    whole_url = _address(
        _("Or a complete link"),
        _("The cloud opens this link without adding anything to it."),
    )
    width = _number(_("Width"), _("pixels, 480 to 1920"), "1280")
    height = _number(_("Height"), _("pixels, 480 to 1920"), "720")
    fps = _number(_("Frames per second"), _("5 to 60"), "15")
    bitrate = _number(_("Bit rate"), _("kbit/s, 50 to 8000; use a lower value below 1280 × 720"), "2000")
    audio = forms.TypedChoiceField(
        choices=AUDIO, coerce=int, empty_value=None, required=False, label=_("Audio")
    )
    hours = _number(
        _("Maximum recording time"),
        _("hours, 1 to 720; default: until the class closes, rounded up to whole hours"),
        "2",
    )
    onhold = forms.BooleanField(required=False, label=_("Start paused"))
    rtmp = forms.BooleanField(required=False, label=_("Also stream the recording live"))

    must_have_address = False

    def __init__(self, *args: Any, still_typing: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.still_typing = still_typing

    @property
    def is_web(self) -> bool:
        return True

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.is_web:  # These fields are not shown and not sent.
            for name in CLOUD_NAMES:
                self.errors.pop(name, None)
        for name in self.errors:
            if name in _ERRORS:
                self.errors[name] = self.error_class([str(_ERRORS[name])])
        wrong = wrong_settings(
            web_config=self.web_config() if self.is_web else {}, retry_timeout_s=cleaned.get("retry_s")
        )
        for cloud_name, problem in wrong.items():
            field = FIELDS.get(cloud_name)
            if field not in self.errors:
                self.add_error(field, _ERRORS.get(field or "", in_words(problem)))
        needed = self.must_have_address and self.is_web and not self.still_typing
        if needed and not any(cleaned.get(name) or name in self.errors for name in ADDRESSES):
            self.add_error("url", _NO_ADDRESS)
        return cleaned

    def web_config(self) -> dict[str, Any]:
        """Return the settings by the cloud's names. Omit empty fields, because the cloud has defaults."""
        cleaned = self.cleaned_data
        given = {
            cloud_name: cleaned[name]
            for name, cloud_name in CLOUD_NAMES.items()
            if cleaned.get(name) is not None and cleaned[name] is not False and cleaned[name] != ""
        }
        if given.pop("publishRtmp", False):
            given["publishRtmp"] = "true"
        return given


class StartForm(SettingsForm):
    """A form for a new recording. `mode` says whether it records the teacher or a web page."""

    mode = forms.ChoiceField(choices=[("composite", "Teacher"), ("web", "Web page")], initial="composite")
    retry_s = _number(
        _("Retry delay after a failure"),
        _(
            "seconds; the cloud retries at most twice. If the recorded page does not report that it has "
            "loaded, the cloud starts the recording again"
        ),
        "",
    )
    must_have_address = True
    field_order = ("mode",)

    @property
    def is_web(self) -> bool:
        return self.data.get("mode") == "web"

    @property
    def arguments(self) -> dict[str, Any]:
        """The keyword arguments for `start_recording`."""
        more = (
            {} if self.cleaned_data["retry_s"] is None else {"retry_timeout_s": self.cleaned_data["retry_s"]}
        )
        if not self.is_web:
            return more
        return {"mode": "web", "web_config": self.web_config(), **more}


class ChangeForm(SettingsForm):
    """A form for new settings of a running web recording. The cloud resets settings that are empty."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["onhold"].label = _("Paused")

    def web_config(self) -> dict[str, Any]:
        """Return the settings. They include `onhold`, because a paused recording would otherwise resume."""
        return {**super().web_config(), "onhold": bool(self.cleaned_data.get("onhold"))}


def initial_of(config: Mapping[str, Any], *, paused: bool) -> dict[str, Any]:
    """Return initial values for `ChangeForm` from the settings in the audit log.

    Omit a URL if the audit log has it without its query, so that the person enters it again.
    """
    found = {name: config[cloud_name] for name, cloud_name in CLOUD_NAMES.items() if cloud_name in config}
    for name in ADDRESSES:
        if str(found.get(name, "")).endswith("?…"):
            del found[name]
    return {**found, "rtmp": str(config.get("publishRtmp", "")).lower() == "true", "onhold": paused}
