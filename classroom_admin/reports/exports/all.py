"""Import the modules of all exports, which register themselves. Workers and pages import this module."""

from classroom_admin.reports.exports import attendance

__all__ = ["attendance"]
