"""The forms for classes and series. Our cloud client checks whether the cloud allows the values."""

from datetime import datetime
from functools import cache
from typing import Any, Final
from uuid import uuid4
from zoneinfo import ZoneInfo, available_timezones

from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from classroom_admin.accounts import permissions
from classroom_admin.accounts.middleware import zone_named
from classroom_admin.accounts.models import User
from classroom_admin.accounts.permissions import Permission
from classroom_admin.actions import class_state, recurrence
from classroom_admin.actions.class_plans import ClassPlan
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.recurrence import MOST_CLASSES, Start, Weekly
from classroom_admin.common import clock
from classroom_admin.rooms.class_lists import visible_lists
from classroom_admin.rooms.models import ClassList
from classroom_admin.web.json_input import BadJson, pretty, read_object
from classroom_admin.web.parameters import require_plausible_year
from classroom_admin.web.scheduling import arguments as asked

MOST_ERRORS: Final = 12


class JsonField(forms.CharField):
    """A field in which people type a JSON object."""

    def __init__(self, **more: Any) -> None:
        rows = {"rows": 3, "dir": "ltr", "class": "mono", "spellcheck": "false", "placeholder": "{}"}
        super().__init__(required=False, widget=forms.Textarea(rows), **more)

    def clean(self, value: Any) -> dict[str, Any]:
        try:
            return read_object(super().clean(value))
        except BadJson as error:
            raise forms.ValidationError(str(error)) from error

    def prepare_value(self, value: Any) -> Any:
        return (pretty(value) if value else "") if isinstance(value, dict) else value


class MomentField(forms.CharField):
    """A field for a date and time. If the text has a UTC offset, the value has it, too."""

    def clean(self, value: Any) -> datetime | None:
        filled = super().clean(value)
        if not filled:
            return None
        try:
            when = datetime.fromisoformat(filled)
        except ValueError as error:
            raise forms.ValidationError(_("Enter a date and time, for example 2026-09-01 09:30.")) from error
        require_plausible_year(when)
        return when


def _number(label: Any, **more: Any) -> forms.IntegerField:
    return forms.IntegerField(required=False, label=label, **more)


class SettingsForm(forms.Form):
    """A form for a class without its start. It offers the class lists that ``user`` may see."""

    name = forms.CharField(
        max_length=64,
        label=pgettext_lazy("thing", "Name"),
        widget=forms.TextInput({"dir": "auto", "autofocus": True}),
    )
    minutes = _number(_("Duration (minutes)"), initial=60, widget=forms.NumberInput({"min": 1, "max": 1440}))
    taught_by = forms.ModelChoiceField(
        queryset=User.objects.none(),
        required=False,
        label=_("Assigned teacher"),
        empty_label=_("Not assigned yet"),
    )
    class_list = forms.ModelChoiceField(
        queryset=ClassList.objects.none(),
        required=False,
        to_field_name="key",
        label=_("Class list"),
        empty_label=_("No list"),
    )
    room_type = forms.TypedChoiceField(
        choices=[(value, words) for value, words, _means in asked.KINDS], coerce=int, initial=4
    )
    close_delay = _number(
        _("Stays open after the end (minutes)"), initial=10,
        widget=forms.NumberInput({"min": 0, "max": 1440}),
    )  # fmt: skip
    max_on_stage = _number(
        _("Maximum students on stage"), widget=forms.NumberInput({"min": 0}),
        help_text=_("Leave empty to let the cloud decide."),
    )  # fmt: skip
    stage_role = forms.CharField(
        required=False, label=_("Role on stage"), widget=forms.TextInput({"dir": "ltr"}),
        help_text=_("The role name in your classroom app. Leave empty to let the cloud decide."),
    )  # fmt: skip
    board = forms.ChoiceField(required=False, label=_("Whiteboard"))
    chat = forms.ChoiceField(required=False, label=_("Chat"))
    widgets = JsonField(label=_("More widgets (JSON)"))
    flex = JsonField(label=_("Custom properties (JSON)"))

    def __init__(self, *args: Any, user: User, kept: ClassPlan | None = None, **kwargs: Any) -> None:
        """Also offer the teacher and the class list in ``kept``."""
        super().__init__(*args, **kwargs)
        self.user = user
        for field in ("board", "chat"):
            choice: Any = self.fields[field]
            choice.choices = [
                ("", _("Default")),
                ("on", pgettext_lazy("tool", "On")),
                ("off", pgettext_lazy("tool", "Off")),
            ]
        for role, words in asked.ROLES:
            self.fields[f"limit_{role}"] = _number(words, widget=forms.NumberInput({"min": 0}))
            self.fields[f"stream_{role}"] = forms.ChoiceField(
                required=False, choices=asked.STREAM_WORDS, label=words
            )
        lists: Any = self.fields["class_list"]
        shown = Q(pk__in=visible_lists(user).order_by().values("pk"))
        lists.queryset = ClassList.objects.filter(shown | Q(pk=kept.class_list if kept else None))
        if permissions.may(user, Permission.PEOPLE):
            people: Any = self.fields["taught_by"]
            chosen = Q(is_active=True) | Q(pk=kept.taught_by if kept else None)
            people.queryset = User.objects.filter(chosen).order_by("name", "email")
        else:
            del self.fields["taught_by"]

    def clean(self) -> dict[str, Any]:
        filled = super().clean() or self.cleaned_data
        self.check_when()
        self._check_by_client_rules()
        return filled

    @property
    def asked(self) -> dict[str, Any]:
        """Return arguments for ``create_class`` without the name and the start."""
        return asked.arguments(self.cleaned_data)

    def check_when(self) -> None:
        """Check the times, if the form has any."""

    def latest(self) -> datetime | None:
        """Return the last time in the form, or None."""
        return None

    def _check_by_client_rules(self) -> None:
        """Check the settings as the cloud client does, and add each error to its field."""
        wanted = {"room_type": 4} | self.asked
        name = self.cleaned_data.get("name") or "x"
        last = self.latest()
        for _attempt in range(MOST_ERRORS):
            try:
                class_state.check_class(name=name, starts_at=last, **wanted)
            except ActionRefused as refused:
                field = asked.field_of(refused.field)
                if field is None or field not in self.fields:
                    self.add_error(None, refused.message)
                    return
                self.add_error(field, asked.IN_OUR_UNITS.get(field) or refused.message_at_field)
                name = "x" if field == "name" else name
                last = None if field == "starts_at" else last
                wanted = {"room_type": 4} | asked.without(wanted, field)
            else:
                return


class ClassForm(SettingsForm):
    """A form for a class or a series. Times are in ``zone``. By default, it is the person's time zone."""

    request_id = forms.CharField(max_length=40, required=False, widget=forms.HiddenInput)
    like = forms.CharField(max_length=16, required=False, widget=forms.HiddenInput)
    list_students = forms.BooleanField(required=False)
    starts_at = MomentField(
        required=False, label=_("Starts"), widget=forms.DateTimeInput({"type": "datetime-local"})
    )
    repeat = forms.ChoiceField(
        required=False, initial="once", choices=(("once", _("Once")), ("weekly", _("Every week")))
    )
    weekdays = forms.MultipleChoiceField(
        required=False, choices=asked.DAYS, label=_("Days"), widget=forms.CheckboxSelectMultiple
    )
    every = forms.TypedChoiceField(
        required=False, coerce=int, empty_value=1, initial=1, label=_("Repeats"), choices=asked.EVERY,  # type: ignore[arg-type]
    )  # fmt: skip
    until = forms.DateField(
        required=False, label=_("End date"), validators=[require_plausible_year],
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
    )  # fmt: skip
    times = _number(
        _("Number of classes"), min_value=1, max_value=MOST_CLASSES, widget=forms.NumberInput({"min": 1})
    )
    zone = forms.CharField(
        required=False, label=_("Time zone"), widget=forms.TextInput({"list": "zones", "dir": "ltr"})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["initial"] = {"request_id": uuid4().hex, "zone": current_zone().key} | (
            kwargs.get("initial") or {}
        )
        super().__init__(*args, **kwargs)

    def clean_zone(self) -> ZoneInfo:
        filled = self.cleaned_data["zone"].strip()
        zone = zone_named(filled) if filled else current_zone()
        if zone is None:
            raise forms.ValidationError(_("This is not a known time zone. Enter one like Europe/Madrid."))
        return zone

    @property
    def weekly(self) -> bool:
        return self.cleaned_data.get("repeat") == "weekly"

    @property
    def in_zone(self) -> ZoneInfo:
        """Return the time zone of the times in the form."""
        return self.cleaned_data.get("zone") or current_zone()

    @cached_property
    def starts(self) -> list[Start]:
        """Return the start of each class. The list is empty if the class is started by hand."""
        wall = self.cleaned_data.get("starts_at")
        if wall is None:
            return []
        if wall.tzinfo is not None:
            wall = wall.astimezone(self.in_zone)
        if not self.weekly:
            return [recurrence.local_start(wall, self.in_zone)]
        filled = self.cleaned_data
        rule = Weekly(
            first=wall.replace(tzinfo=None),
            zone=self.in_zone,
            weekdays=[int(day) for day in filled.get("weekdays") or ()],
            every=filled.get("every") or 1,
            until=filled.get("until"),
            times=filled.get("times"),
        )
        return recurrence.starts(rule)

    @property
    def first_shifted(self) -> Start | None:
        """Return the first start with a different UTC offset because of daylight saving time, or None."""
        return next((start for start in self.starts if start.shifted), None)

    def latest(self) -> datetime | None:
        return self.starts[-1].at if "starts_at" not in self.errors and self.starts else None

    def check_when(self) -> None:
        filled = self.cleaned_data
        if {"starts_at", "zone", "until", "times", "weekdays", "every"} & set(self.errors):
            return
        if filled.get("starts_at") is None:
            if self.weekly:
                self.add_error(
                    "starts_at", gettext("Enter the date and time of the first class of the series.")
                )
            return
        if self.weekly and not filled.get("until") and not filled.get("times") and not self.errors:
            self.add_error("until", gettext("Enter an end date or a number of classes for the series."))
            return
        if not self.starts:
            self.add_error("until", gettext("No class falls in this period. Choose a later end date."))
        elif self.starts[0].at < clock.cloud_now():
            self.add_error(
                "starts_at",
                gettext("This time is in the past.") if self.weekly
                else gettext("This time is in the past. Leave it empty to start the class by hand."),
            )  # fmt: skip
        elif len(self.starts) > MOST_CLASSES:
            most = gettext("The series would have more than %(most)d classes. Choose an earlier end date.")
            self.add_error("until", most % {"most": MOST_CLASSES})


def current_zone() -> ZoneInfo:
    """Return the time zone of the current request."""
    return ZoneInfo(timezone.get_current_timezone_name())


@cache
def zones() -> list[str]:
    """Return the time zones that people can choose. They are named after a place, such as Europe/Berlin."""
    return sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/"))
