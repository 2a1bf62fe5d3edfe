"""A school that runs by itself: its classes, its students and everything they do."""

from classroom_admin.simulator.school.timetable import open_school, start_lessons

__all__ = ["open_school", "start_lessons"]
