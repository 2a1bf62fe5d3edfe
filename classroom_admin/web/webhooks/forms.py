"""The forms of outgoing webhooks."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from classroom_admin.integrations.webhooks.models import KIND_LABELS, Endpoint


class EndpointForm(forms.Form):
    """The details of a webhook."""

    address = forms.CharField(
        label=_("Address"),
        max_length=500,
        help_text=_(
            "The https:// address of the receiver, such as https://lms.school.example/hooks/classes."
        ),
        widget=forms.TextInput(
            attrs={"inputmode": "url", "autocomplete": "off", "spellcheck": "false", "dir": "ltr"}
        ),
    )
    description = forms.CharField(
        label=_("Description"),
        required=False,
        max_length=120,
        help_text=_("For example the name of the system that receives the messages."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "dir": "auto"}),
    )
    kinds = forms.MultipleChoiceField(
        label=_("Messages"),
        choices=[(kind.value, label) for kind, label in KIND_LABELS.items()],
        error_messages={"required": _("Choose at least one kind of message.")},
        widget=forms.CheckboxSelectMultiple(),
    )

    def __init__(self, *args: Any, endpoint: Endpoint | None = None, **kwargs: Any) -> None:
        if endpoint is None:
            kwargs["initial"] = {"kinds": [kind.value for kind in KIND_LABELS]}
        else:
            kwargs["initial"] = {name: getattr(endpoint, name) for name in self.base_fields}
        super().__init__(*args, **kwargs)


class LogForm(forms.Form):
    """A form for the parameter `before` of the log's pages."""

    before = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
