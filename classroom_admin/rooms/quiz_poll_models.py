"""The read models of quizzes, polls and their answers. Only the projector (in `sync`) writes them."""

from django.db import models


class Quiz(models.Model):
    """A pop-up quiz, projected from the quiz stream."""

    room = models.ForeignKey("rooms.Room", on_delete=models.CASCADE, related_name="quizzes")
    quiz_id = models.CharField(max_length=255)
    version = models.BigIntegerField(default=0)
    running = models.BooleanField(default=False)
    items = models.JSONField(default=list)
    correct_items = models.JSONField(default=list)
    selected_count = models.IntegerField(null=True)
    correct_count = models.IntegerField(null=True)
    total_count = models.IntegerField(null=True)
    average_accuracy = models.FloatField(null=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "quiz_id"], name="rooms_quiz_once")]


class Poll(models.Model):
    """A poll (a vote), projected from the poll stream."""

    room = models.ForeignKey("rooms.Room", on_delete=models.CASCADE, related_name="polls")
    poll_id = models.CharField(max_length=255)
    version = models.BigIntegerField(default=0)
    running = models.BooleanField(default=False)
    multiple = models.BooleanField(default=False)
    items = models.JSONField(default=list)
    details = models.JSONField(default=dict, help_text='{"0": {num, percentage}}')
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "poll_id"], name="rooms_poll_once")]


class Answer(models.Model):
    """A person's answer to a quiz or poll. A later answer replaces the earlier one."""

    class Of(models.TextChoices):
        QUIZ = "quiz", "quiz"
        POLL = "poll", "poll"

    room = models.ForeignKey("rooms.Room", on_delete=models.CASCADE, related_name="answers")
    of = models.CharField(max_length=4, choices=Of.choices)
    question_id = models.CharField(max_length=255, help_text="Quiz.quiz_id or Poll.poll_id")
    user_uuid = models.CharField(max_length=255)
    version = models.BigIntegerField(default=0)
    name = models.CharField(max_length=255, blank=True)
    selected = models.JSONField(
        default=list, help_text="a quiz: the chosen items; a poll: the chosen indexes"
    )
    is_correct = models.BooleanField(null=True)
    answered_at = models.DateTimeField(null=True)
    sequence = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["room", "of", "question_id", "user_uuid"], name="rooms_answer_once"
            )
        ]
