"""Template tags of the incident report."""

from django import template

from classroom_admin.web.reports.incident_data import local

register = template.Library()
register.filter("local", local)
