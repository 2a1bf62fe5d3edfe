"""The form of a command for several people of a class, such as muting, rewards or messages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, ClassVar, Final

from django import forms
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from classroom_admin.actions import media, messages, rewards, runner
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.media import Device, Whom
from classroom_admin.audit.models import Entry
from classroom_admin.rooms.access import ClassAccess
from classroom_admin.rooms.models import Participant
from classroom_admin.web.classroom.control_forms import CommandForm, message_text, reward_count
from classroom_admin.web.parameters import RowsField

MOST_ONE_BY_ONE: Final = 20
"""The maximum number of people whom one form sends a message. Each message is a separate request."""


class SeveralForm(CommandForm):
    """A form for a command to several people of a class."""

    title = _("Several people")
    button = _("Send command")
    icon = "check"
    DO: ClassVar = (
        ("mute", _("Mute")),
        ("unmute", _("Unmute")),
        ("camera_off", _("Turn camera off")),
        ("camera_on", _("Turn camera on")),
        ("mute_chat", _("Mute in chat")),
        ("allow_chat", _("Unmute in chat")),
        ("reward", _("Give a reward")),
        ("message", _("Send a message")),
    )
    WHOM: ClassVar = (
        (Whom.STUDENTS.value, _("All students")),
        (Whom.OFF_STAGE.value, _("All students who are not on stage")),
        (Whom.CHOSEN.value, _("Only these people:")),
    )
    do = forms.ChoiceField(label=_("Command"), choices=DO, widget=forms.RadioSelect, initial="mute")
    count = reward_count(required=False)
    text = message_text(_("Text of the message"), required=False)
    whom = forms.ChoiceField(
        label=_("For whom?"), choices=WHOM, widget=forms.RadioSelect, initial=Whom.CHOSEN.value
    )
    people = RowsField(
        Participant.objects.none(),
        label=pgettext_lazy("in a class", "People"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, people: Any, students: Any, **kwargs: Any) -> None:
        """`people` are those in the form. `students` are all students who are present."""
        super().__init__(*args, **kwargs)
        self._students = students
        field: Any = self.fields["people"]
        field.queryset = people

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        chosen = cleaned.get("whom") == Whom.CHOSEN.value
        if chosen and not cleaned.get("people") and "people" not in self.errors:
            self.add_error("people", gettext("Select at least one person."))
        if not self.errors and not self.chosen:
            self.add_error("whom", gettext("None of these people is present."))
        one_by_one = cleaned.get("do") in ("mute_chat", "allow_chat", "message")
        if one_by_one and not self.errors and len(self.chosen) > MOST_ONE_BY_ONE:
            words = gettext(
                "Choose at most %(most)d people for this command, or announce to the whole class instead."
            )
            self.add_error("people", words % {"most": MOST_ONE_BY_ONE})
        if (
            cleaned.get("do") == "message"
            and not cleaned.get("text", "").strip()
            and "text" not in self.errors
        ):
            self.add_error("text", gettext("Enter a message."))
        return cleaned

    @property
    def chosen(self) -> list[Participant]:
        """The selected people."""
        if self.cleaned_data["whom"] == Whom.CHOSEN.value:
            return list(self.cleaned_data["people"])
        off_stage = self.cleaned_data["whom"] == Whom.OFF_STAGE.value
        return [person for person in self._students if not (off_stage and person.on_stage)]

    @property
    def about(self) -> list[str]:
        return [person.user_uuid for person in self.chosen]

    def run(self, access: ClassAccess) -> Entry:
        do = self.cleaned_data["do"]
        if do == "reward":
            return rewards.give_rewards(
                access, participants=self.chosen, count=self.cleaned_data.get("count") or 1
            )
        if do in ("mute", "unmute", "camera_off", "camera_on"):
            whom = Whom(self.cleaned_data["whom"])
            return media.set_media_of_many(
                access,
                device=Device.MICROPHONE if do in ("mute", "unmute") else Device.CAMERA,
                on=do in ("unmute", "camera_on"),
                whom=whom,
                chosen=self.about if whom is Whom.CHOSEN else (),
            )
        send: Any = partial(messages.mute_chat_of, access, muted=do == "mute_chat")
        if do == "message":
            send = partial(messages.message_person, access, text=self.cleaned_data["text"])
        return _to_each(self.chosen, send)


def _to_each(people: Sequence[Participant], send: Callable[..., Entry]) -> Entry:
    """Send a command to each person. Return the first command that failed, otherwise the last one.

    People who can't get the command any more are skipped. Raise ``ActionRefused`` if nobody can get it.
    """
    entries = []
    refused = None
    for person in people:
        try:
            entries.append(send(participant=person))
        except ActionRefused as error:
            refused = error
    if not entries and refused is not None:
        raise refused
    return next((entry for entry in entries if runner.has_failed(entry)), entries[-1])
