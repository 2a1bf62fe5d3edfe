"""Which stored rows must be loaded before events are applied."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Needs:
    """What to load. The room's own row is always needed; a row that isn't stored is simply not loaded.

    - `open_presences_of`: presences with `left_at` null of these people
    - `answers`: (of, question_id, user_uuid)
    - `running_*`: rows that are running
    - `on_stage`, `hands`: participants who are on stage, who raise a hand
    - `class_over`: participants who are online and all open presences (`on_stage`, `hands` and
      `running_recording` are set with it)
    """

    participants: set[str] = field(default_factory=set)
    open_presences_of: set[str] = field(default_factory=set)
    recordings: set[str] = field(default_factory=set)
    resources: set[str] = field(default_factory=set)
    quizzes: set[str] = field(default_factory=set)
    polls: set[str] = field(default_factory=set)
    answers: set[tuple[str, str, str]] = field(default_factory=set)
    running_recording: bool = False
    running_quiz: bool = False
    running_poll: bool = False
    on_stage: bool = False
    hands: bool = False
    class_over: bool = False
