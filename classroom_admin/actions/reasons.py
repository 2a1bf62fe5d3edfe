"""Why a row of a queue went wrong: a worker writes it, whoever looks reads it in their own language."""

from __future__ import annotations

from typing import Any

from django.db import models

from classroom_admin.common import language


class Reasoned(models.Model):
    """A row that may have a reason; `because` gives what its two columns hold."""

    reason = models.TextField(blank=True, help_text="why it went wrong, in English")
    says = models.JSONField(null=True, help_text="how that was made, as core.sentence keeps it")

    class Meta:
        abstract = True

    @property
    def why(self) -> str:
        """The reason in the active language, "" where there is none. Rows of earlier releases have the text
        alone, which stays as it is where the catalogue does not know it.
        """
        kept = {language.SENTENCE: self.reason, language.SAYS: self.says}
        return language.told(kept) if self.reason else ""


def because(text: str) -> dict[str, Any]:
    """A text, best a ``Sentence``, as the columns of a ``Reasoned`` row."""
    kept = language.kept(text)
    return {"reason": kept[language.SENTENCE], "says": kept.get(language.SAYS)}
