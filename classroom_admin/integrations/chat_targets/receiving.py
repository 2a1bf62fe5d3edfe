"""Turn notices into messages that wait for the targets that get them."""

from __future__ import annotations

from classroom_admin.integrations.chat_targets.models import ChatMessage, ChatTarget
from classroom_admin.integrations.notices.models import Notice
from classroom_admin.integrations.notices.receivers import receiver


def register() -> None:
    """Receive notices from now on."""
    receiver("chat_targets")(receive)


def receive(notice_ids: list[int]) -> None:
    """Store a message for each target that gets a notice. If a notice comes twice, it is stored once."""
    targets = list(ChatTarget.objects.filter(is_on=True))
    if not targets:
        return
    notices = Notice.objects.filter(pk__in=notice_ids).select_related("room").order_by("pk")
    ChatMessage.objects.bulk_create(
        [
            ChatMessage(target=target, notice=notice)
            for notice in notices
            for target in targets
            if gets(target, notice)
        ],
        ignore_conflicts=True,
    )


def gets(target: ChatTarget, notice: Notice) -> bool:
    """Return whether the target is set to get this notice."""
    if notice.kind not in target.kinds:
        return False
    return not target.only_list or target.class_list_id in (notice.room.class_list_id or 0,)
