"""Template tags of the export menu."""

from django import template

from classroom_admin.web.reports import pdf

register = template.Library()


@register.simple_tag
def pdf_is_possible() -> bool:
    """Return whether this server can make PDF files."""
    return pdf.is_possible()
