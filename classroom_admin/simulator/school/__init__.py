"""A school that plays by itself: classes, pupils and all that they do."""

from classroom_admin.simulator.school.script import open_school

__all__ = ["open_school"]
