"""The forms of commands with parameters, such as announcements, rewards and quizzes.

`run` sends the command. The functions in `actions` validate the values; the forms only parse them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final

from django import forms
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from classroom_admin.actions import (
    breakout_rooms,
    countdown,
    media,
    messages,
    quizzes_polls,
    rewards,
)
from classroom_admin.actions.messages import Audience
from classroom_admin.agora.classroom_calls import LONGEST_MESSAGE
from classroom_admin.audit.models import Entry
from classroom_admin.rooms.access import ClassAccess
from classroom_admin.rooms.breakout_rooms import Group
from classroom_admin.rooms.models import Participant

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

CHOICES: Final = 6
"""The number of choices in the forms of quizzes and polls."""


def message_text(label: Any, **more: Any) -> forms.CharField:
    area = forms.Textarea({"rows": 3, "dir": "auto"})
    return forms.CharField(label=label, max_length=LONGEST_MESSAGE, widget=area, **more)


class CommandForm(forms.Form):
    """A form in a dialog. `title` is its heading. `button` and `icon` belong to its button."""

    title: ClassVar[StrOrPromise]
    button: ClassVar[StrOrPromise]
    icon: ClassVar[str]
    hint: ClassVar[StrOrPromise] = ""
    columns: ClassVar[bool] = False
    """Whether the fields are side by side."""

    def run(self, access: ClassAccess) -> Entry:
        """Send the command and return its audit entry.

        Raise ``ActionRefused`` if the command is not valid.
        """
        raise NotImplementedError

    @property
    def about(self) -> list[str]:
        """The cloud user ids of people. Their rows show the command."""
        return []


class _OfGroups(CommandForm):
    def __init__(self, *args: Any, groups: Sequence[Group], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.groups = groups
        self.group_choices = [(group.uuid, group.name or "–") for group in groups]


class AnnounceForm(_OfGroups):
    """A form for an announcement to a class, or to all or some of its breakout rooms."""

    title = _("Announce to this class")
    button = pgettext_lazy("button", "Announce")
    icon = "megaphone"
    text = message_text(_("Text"), help_text=_("Everyone sees it in the chat of the class."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.groups:
            return
        audiences = [
            (str(Audience.CLASS.value), gettext("The class")),
            (str(Audience.ALL.value), gettext("The class and all breakout rooms")),
            (str(Audience.GROUPS.value), gettext("Only these breakout rooms:")),
        ]
        to = forms.ChoiceField(choices=audiences, label=_("To"), widget=forms.RadioSelect, required=False)
        to.initial = audiences[0][0]
        self.fields["to"] = to
        self.fields["groups"] = forms.MultipleChoiceField(
            choices=self.group_choices,
            label=_("Breakout rooms"),
            widget=forms.CheckboxSelectMultiple,
            required=False,
        )

    def run(self, access: ClassAccess) -> Entry:
        to = Audience(int(self.cleaned_data.get("to") or Audience.CLASS.value))
        groups = self.cleaned_data.get("groups") or () if to is Audience.GROUPS else ()
        return messages.announce(access, text=self.cleaned_data["text"], to=to, groups=groups)


class _OfPerson(CommandForm):
    def __init__(self, *args: Any, participant: Participant, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.participant = participant


class MessageForm(_OfPerson):
    """A form for a message that only one person sees."""

    title = _("Message to one person")
    button = _("Send message")
    icon = "send"
    text = message_text(_("Text"), help_text=_("Only this person sees it. The audit log records the text."))

    def run(self, access: ClassAccess) -> Entry:
        return messages.message_person(access, participant=self.participant, text=self.cleaned_data["text"])


def reward_count(**more: Any) -> forms.IntegerField:
    return forms.IntegerField(label=_("Number of rewards"), min_value=1, max_value=10, initial=1, **more)


class RewardForm(_OfPerson):
    """A form that gives rewards to one person."""

    title = _("Give a reward")
    button = _("Give reward")
    icon = "award"
    count = reward_count()

    def run(self, access: ClassAccess) -> Entry:
        return rewards.give_rewards(access, participants=[self.participant], count=self.cleaned_data["count"])


class BlockForm(_OfPerson):
    """A form that stops one person from publishing for some minutes."""

    title = _("Block microphone and camera")
    button = _("Block")
    icon = "ban"
    hint = _(
        "The person can't turn the devices on again until the time is up. You can't end the block early."
    )
    minutes = forms.IntegerField(label=_("Minutes"), min_value=1, max_value=1440, initial=10)
    microphone = forms.BooleanField(label=_("Microphone"), required=False, initial=True)
    camera = forms.BooleanField(label=_("Camera"), required=False, initial=True)

    def run(self, access: ClassAccess) -> Entry:
        return media.block_publishing(access, participant=self.participant, **self.cleaned_data)


BACK: Final = "class"
"""The value of the choice that moves a person out of all breakout rooms."""


class _MoveFields(_OfGroups):
    title = _("Move to a breakout room")
    button = _("Move")
    icon = "network"
    group = forms.ChoiceField(label=_("To"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["group"]
        field.choices = [*self.group_choices, (BACK, gettext("Back to the class"))]

    def _move(self, access: ClassAccess, participant: Participant) -> Entry:
        chosen = self.cleaned_data["group"]
        return breakout_rooms.move_to_group(
            access, participant=participant, group_uuid=None if chosen == BACK else chosen
        )


class MoveForm(_MoveFields):
    """A form that moves one person to another breakout room or back to the class."""

    def __init__(self, *args: Any, participant: Participant, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.participant = participant

    def run(self, access: ClassAccess) -> Entry:
        return self._move(access, self.participant)


class MoveSomeoneForm(_MoveFields):
    """A form that moves any person of a class to another breakout room or back to the class."""

    person = forms.ModelChoiceField(Participant.objects.none(), label=_("Person"))
    field_order = ("person", "group")

    def __init__(self, *args: Any, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["person"]
        field.queryset = people

    def run(self, access: ClassAccess) -> Entry:
        return self._move(access, self.cleaned_data["person"])


class _OfGroup(CommandForm):
    def __init__(self, *args: Any, group: Group, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.group = group


class RenameForm(_OfGroup):
    """A form for the new name of a breakout room."""

    title = _("Rename the breakout room")
    button = _("Rename")
    icon = "pencil"
    name = forms.CharField(label=pgettext_lazy("breakout room", "Name"), max_length=64)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("name", self.group.name)

    def run(self, access: ClassAccess) -> Entry:
        return breakout_rooms.rename_group(access, group_uuid=self.group.uuid, name=self.cleaned_data["name"])


class CloseGroupForm(_OfGroup):
    """A form that asks whether to close a breakout room."""

    title = _("Close this breakout room?")
    button = _("Close the room")
    icon = "door-closed"
    hint = _("The people in this room return to the class. The other breakout rooms stay open.")

    def run(self, access: ClassAccess) -> Entry:
        return breakout_rooms.close_group(access, group_uuid=self.group.uuid)


class _ChoicesForm(CommandForm):
    usual: ClassVar[Sequence[StrOrPromise]] = ()
    marks_correct: ClassVar[bool] = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for number in range(1, CHOICES + 1):
            initial = str(self.usual[number - 1]) if number <= len(self.usual) else ""
            label = gettext("Choice %(number)d") % {"number": number}
            self.fields[f"choice_{number}"] = forms.CharField(
                label=label,
                initial=initial,
                max_length=100,
                required=False,
                widget=forms.TextInput({"aria-label": label, "dir": "auto", "autocomplete": "off"}),
            )
            if self.marks_correct:
                self.fields[f"correct_{number}"] = forms.BooleanField(
                    label=gettext("Choice %(number)d is correct") % {"number": number}, required=False
                )

    @property
    def rows(self) -> Iterator[tuple[Any, Any]]:
        """Yield two fields for each choice: its text, and whether it is correct.

        The second is None in a poll.
        """
        for number in range(1, CHOICES + 1):
            yield self[f"choice_{number}"], self[f"correct_{number}"] if self.marks_correct else None

    @property
    def others(self) -> list[Any]:
        """The fields that do not belong to a choice."""
        return [field for field in self if not field.name.startswith(("choice_", "correct_"))]

    def _items(self, only: str = "choice") -> list[str]:
        found = []
        for number in range(1, CHOICES + 1):
            text = self.cleaned_data.get(f"choice_{number}", "")
            if text and self.cleaned_data.get(f"{only}_{number}"):
                found.append(text)
        return found


class QuizForm(_ChoicesForm):
    """A form for a quiz: its choices, and which of them are correct."""

    title = _("Start a quiz")
    button = _("Start quiz")
    icon = "list-checks"
    hint = _("Ask the question in the class. Enter the choices here, and mark each correct one.")
    usual = ("A", "B", "C", "D")
    marks_correct = True

    def run(self, access: ClassAccess) -> Entry:
        return quizzes_polls.start_quiz(access, items=self._items(), correct=self._items("correct"))


class PollForm(_ChoicesForm):
    """A form for a poll: its choices, and whether people may choose several."""

    title = _("Start a poll")
    button = _("Start poll")
    icon = "chart-bar"
    hint = _("Ask the question in the class. Enter the choices here.")
    usual = (pgettext_lazy("choice of a poll", "Yes"), pgettext_lazy("choice of a poll", "No"))
    multiple = forms.BooleanField(label=_("People may choose several answers"), required=False)

    def run(self, access: ClassAccess) -> Entry:
        return quizzes_polls.start_poll(
            access, items=self._items(), multiple=bool(self.cleaned_data.get("multiple"))
        )


class CountdownForm(CommandForm):
    """A form for a countdown that everyone in the class sees."""

    title = _("Start a countdown")
    button = _("Start countdown")
    icon = "timer"
    hint = _("Everyone in the class sees it.")
    columns = True
    minutes = forms.IntegerField(label=_("Minutes"), min_value=0, max_value=60, initial=5, required=False)
    seconds = forms.IntegerField(label=_("Seconds"), min_value=0, max_value=59, initial=0, required=False)

    def run(self, access: ClassAccess) -> Entry:
        minutes, seconds = (self.cleaned_data.get(name) or 0 for name in ("minutes", "seconds"))
        return countdown.start_countdown(access, seconds=60 * minutes + seconds)
