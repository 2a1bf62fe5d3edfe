"""The form for a chat service."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from classroom_admin.integrations.chat_targets.models import ChatTarget, Service
from classroom_admin.integrations.notices.models import Notice
from classroom_admin.integrations.notices.sentences import KINDS
from classroom_admin.rooms.models import ClassList

_PLAIN: Final = {"autocomplete": "off", "spellcheck": "false", "dir": "ltr"}


class ChatTargetForm(forms.Form):
    """The details of a chat service. Its address and its token are never shown again."""

    name = forms.CharField(
        label=_("Name"),
        max_length=60,
        help_text=_("For example the name of the channel."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "dir": "auto"}),
    )
    service = forms.ChoiceField(label=_("Chat service"), choices=Service.choices)
    address = forms.CharField(
        label=_("Address"),
        max_length=2000,
        help_text=_(
            "Slack: the address of an incoming webhook. Teams: the address of a workflow. Matrix: "
            "https://SERVER/!ROOM:SERVER. ntfy: https://SERVER/TOPIC."
        ),
        widget=forms.PasswordInput(attrs=_PLAIN),
    )
    token = forms.CharField(
        label=_("Access token"),
        required=False,
        max_length=500,
        help_text=_(
            "Matrix: the access token of the account that writes. ntfy: only if the topic needs one."
        ),
        widget=forms.PasswordInput(attrs=_PLAIN),
    )
    kinds = forms.MultipleChoiceField(
        label=_("Messages"),
        choices=list(KINDS.items()),
        initial=[Notice.Kind.ALERT_RAISED],
        error_messages={"required": _("Choose at least one kind of message.")},
        widget=forms.CheckboxSelectMultiple(),
    )
    class_list = forms.ModelChoiceField(
        label=_("Classes"),
        required=False,
        queryset=ClassList.objects.order_by("name", "pk"),
        to_field_name="key",
        empty_label=_("All classes"),
        help_text=_("All classes of the school, or only those with one class list."),
    )
    language = forms.ChoiceField(label=_("Language of the messages"), choices=settings.LANGUAGES)

    def __init__(self, *args: Any, row: ChatTarget | None = None, **kwargs: Any) -> None:
        if row is not None:
            known = ("name", "service", "kinds", "language")
            kwargs["initial"] = {name: getattr(row, name) for name in known}
            kwargs["initial"]["class_list"] = row.class_list.key if row.class_list else ""
        super().__init__(*args, **kwargs)
        self._row = row
        if row is not None:
            self.fields["address"].required = False
            self.fields["address"].help_text = gettext(
                "Leave the address and the token empty to keep the stored ones."
            )
            self.fields["token"].help_text = ""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        row = self._row
        is_other = row is not None and cleaned.get("service") not in (None, row.service)
        if (is_other or cleaned.get("token")) and not cleaned.get("address"):
            self.add_error(
                "address", gettext("Enter the address again, because it was stored with the token.")
            )
        return cleaned
