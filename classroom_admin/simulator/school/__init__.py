"""A simulated school that runs by itself, with classes, students and everything that they do."""

from classroom_admin.simulator.school.timetable import open_school, start_lessons

__all__ = ["open_school", "start_lessons"]
