"""Forms of the pages about people."""

from typing import Any

from django import forms
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from classroom_admin.accounts import permissions
from classroom_admin.accounts.models import User
from classroom_admin.common.cloud_ids import problem_with_id
from classroom_admin.common.problem_texts import in_words
from classroom_admin.rooms.models import ClassList, Room, Supervision


class LinesField(forms.CharField):
    """A text field with one value on each line. Its value is a list without empty or repeated lines."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}), **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        lines = (line.strip() for line in super().clean(value).splitlines())
        return list(dict.fromkeys(line for line in lines if line))


class PersonForm(forms.Form):
    """A form for the details of an account."""

    name = forms.CharField(
        label=pgettext_lazy("person", "Name"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "off", "dir": "auto"}),
    )
    email = forms.EmailField(
        label=_("Email address"),
        max_length=254,
        help_text=_("The person signs in with this address."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    role = forms.ChoiceField(
        label=_("Role"),
        choices=User.Role.choices,
        initial=User.Role.TEACHER,
        help_text=_("The page “Roles” shows what each role may do."),
    )
    user_uuids = LinesField(
        label=_("Cloud user ids"),
        required=False,
        help_text=_(
            "Enter one id per line. When someone joins a class as a teacher with one of these ids, the "
            "class is assigned to this person. Leave the field empty if you don't know the ids: you can "
            "assign classes yourself."
        ),
    )

    def clean_user_uuids(self) -> list[str]:
        ids: list[str] = self.cleaned_data["user_uuids"]
        problems = [
            gettext("“%(id)s”: %(problem)s") % {"id": one, "problem": in_words(problem)}
            for one in ids
            if (problem := problem_with_id(one))
        ]
        if problems:
            raise forms.ValidationError(problems)
        return ids


class SetForm(forms.Form):
    """A form for the teachers and class lists whose classes a person sees."""

    everything = forms.BooleanField(label=_("All classes of the school"), required=False)
    teachers = forms.ModelMultipleChoiceField(
        User.objects.filter(role__in=permissions.TEACHING_ROLES),
        label=_("Teachers"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    lists = forms.ModelMultipleChoiceField(
        ClassList.objects.all(),
        label=_("Class lists"),
        required=False,
        to_field_name="key",
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        rows = Supervision.objects.filter(person=person)
        kwargs["initial"] = {
            "everything": person.all_classes,
            "teachers": list(rows.exclude(teacher=None).values_list("teacher", flat=True)),
            "lists": list(rows.exclude(class_list=None).values_list("class_list__key", flat=True)),
        }
        super().__init__(*args, **kwargs)
        teachers: Any = self.fields["teachers"]
        teachers.queryset = teachers.queryset.exclude(pk=person.pk)
        if permissions.REACH[person.role] is not permissions.Reach.SET_OR_ALL:
            del self.fields["everything"]
        if not permissions.set_has_lists(person.role):
            del self.fields["lists"]


class RoomsForm(forms.Form):
    """A form that selects classes by their keys."""

    rooms = forms.ModelMultipleChoiceField(
        Room.objects.all(), to_field_name="key", error_messages={"required": _("Select at least one class.")}
    )


class AssignForm(RoomsForm):
    """A form that selects classes and the person to assign them to."""

    person = forms.ModelChoiceField(
        User.objects.filter(is_active=True, role__in=permissions.TEACHING_ROLES),
        label=_("Assign to"),
        empty_label=_("Choose a person…"),
        error_messages={"required": _("Choose the person to assign the selected classes to.")},
    )
