"""Import the modules of all exports, which register themselves. Workers and pages import this module."""

from classroom_admin.reports.exports import attendance, one_class, participation, quizzes_polls, teaching

__all__ = ["attendance", "one_class", "participation", "quizzes_polls", "teaching"]
