"""Define a column with the search key of a row's texts, and search in it. All databases behave alike."""

from __future__ import annotations

from typing import Any, Final

from django.db import transaction
from django.db.models import CharField, Model, Q

from classroom_admin.common.names import visible_name
from classroom_admin.common.text_matching import STORED_LENGTH, search_key, stored_key

FILL_BATCH: Final = 1000


class SearchField(CharField):  # type: ignore[type-arg]  # not generic at run time
    """A column with the search key of the columns `of`. Saving a row also writes its key.

    `update()` and SQL do not write the key, so such code must write it itself. `matches` searches the column.
    """

    def __init__(self, *, of: tuple[str, ...], **options: Any) -> None:
        self.of = of
        super().__init__(**{"max_length": STORED_LENGTH, "default": "", "editable": False, **options})

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        name, path, args, options = super().deconstruct()
        return name, path, args, {**options, "of": self.of}

    def pre_save(self, model_instance: Model, add: bool) -> str:
        key = stored_key(*(getattr(model_instance, name) for name in self.of))
        setattr(model_instance, self.attname, key)
        return key


def matches(words: str, *, field: str) -> Q:
    """Return the condition that the `SearchField` contains every word.

    If there are no words, all rows match.
    """
    condition = Q()
    for term in search_key(words).split():
        condition &= Q(**{f"{field}__contains": term})
    return condition


def fill(connection: Any, model: type[Model], field: str) -> None:
    """Write the search keys of existing rows. A migration calls this after it adds the column.

    If the name, which is the first column in `of`, has no visible character, replace it with "". An
    interrupted migration continues where it stopped.
    """
    column = model._meta.get_field(field)
    assert isinstance(column, SearchField)
    quote = connection.ops.quote_name
    change = ", ".join(f"{quote(name)} = %s" for name in (column.of[0], field))
    sql = f"UPDATE {quote(model._meta.db_table)} SET {change} WHERE id = %s"
    last = 0
    while True:
        rows = model._default_manager.filter(pk__gt=last, **{field: ""}).order_by("pk")
        batch = list(rows.values_list("pk", *column.of)[:FILL_BATCH])
        if not batch:
            return
        last = batch[-1][0]
        named = [(pk, visible_name(name), others) for pk, name, *others in batch]
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.executemany(sql, [(name, stored_key(name, *others), pk) for pk, name, others in named])
