"""The Celery task that tidies the people who want to come in."""

from celery import shared_task

from classroom_admin.integrations.joining import actions


@shared_task(name="joining.tidy")
def tidy() -> None:
    """Hide people whose pages were closed, and delete requests that are a day old."""
    actions.tidy()
