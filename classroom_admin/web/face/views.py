"""Views of the school's face: settings with a live preview, the logo, and dismissed announcements."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from classroom_admin.accounts.face import PRODUCT, Banner
from classroom_admin.accounts.own_settings import own_address
from classroom_admin.accounts.permissions import Permission
from classroom_admin.accounts.recently_signed_in import recently_signed_in
from classroom_admin.actions import face as actions
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.common.numbers import parsed
from classroom_admin.common.palette import palette
from classroom_admin.web.access import AuthenticatedHttpRequest, requires, signed_in
from classroom_admin.web.dialogs import sent
from classroom_admin.web.face.files import palette_address
from classroom_admin.web.face.forms import FaceForm, LogoForm

UNPROCESSABLE = 422
DEFAULT_COLOUR = "#3a4bc8"


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.SETTINGS)
@recently_signed_in
def settings_page(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Show the settings. A POST saves all of them except the logo."""
    row = actions.stored()
    form = FaceForm(sent(request), initial={name: getattr(row, name) for name in FaceForm.base_fields})
    if request.method == "POST" and form.is_valid():
        try:
            actions.change(actor=request.user, values=form.cleaned_data)
        except ActionRefused as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
        else:
            messages.success(request, _("Saved. All pages show it within seconds."))
            return redirect("face:settings")
    return _page(request, form, LogoForm())


@require_POST
@requires(Permission.SETTINGS)
def preview(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Render the preview for the values in the form. Nothing is saved."""
    return render(request, "face/_preview.html", _preview(FaceForm(request.POST)))


@require_http_methods(["GET", "POST"])
@requires(Permission.SETTINGS)
def logo(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Store an uploaded logo, or delete the logo if the form says so."""
    if request.method == "GET":
        return redirect("face:settings")
    if "remove" in request.POST:
        if actions.remove_logo(actor=request.user):
            messages.success(request, _("The logo was removed."))
        return redirect("face:settings")
    form = LogoForm(request.POST, request.FILES)
    if form.is_valid():
        # Read one byte more than allowed to find out whether the file is too large.
        content = form.cleaned_data["logo"].read(actions.LOGO_BYTES + 1)
        try:
            actions.change_logo(actor=request.user, content=content)
        except ActionRefused as refusal:
            form.add_error("logo", refusal.message)
        else:
            messages.success(request, _("The logo was saved."))
            return redirect("face:settings")
    row = actions.stored()
    unchanged = FaceForm(initial={name: getattr(row, name) for name in FaceForm.base_fields})
    return _page(request, unchanged, form)


@require_POST
@signed_in
def dismiss(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Hide the announcement from the person. Without scripts, lead back to the page."""
    number = parsed(request.POST.get("number", ""))
    if number is not None:
        actions.dismiss_banner(actor=request.user, number=number)
    if request.htmx:
        return HttpResponse()
    return redirect(own_address(request, request.POST.get("next", "")))


def _page(request: AuthenticatedHttpRequest, form: FaceForm, logo_form: LogoForm) -> HttpResponse:
    context = {"form": form, "logo_form": logo_form, "default_colour": DEFAULT_COLOUR, **_preview(form)}
    status = UNPROCESSABLE if form.errors or logo_form.errors else 200
    return render(request, "face/settings.html", context, status=status)


def _preview(form: FaceForm) -> dict[str, Any]:
    """Return what the preview shows. Of an invalid form, it shows the valid values."""
    if form.is_bound:
        form.is_valid()
    values: Mapping[str, Any] = form.cleaned_data if form.is_bound else form.initial
    colour = values.get("colour") or DEFAULT_COLOUR
    text = values.get("banner_text", "")
    level = values.get("banner_level") or "information"
    return {
        "shown_name": values.get("name") or PRODUCT,
        "palette": palette(colour) if values.get("colour") else None,
        "preview_sheet": palette_address(colour, "preview_file") if values.get("colour") else "",
        "shown_banner": Banner(number=0, text=text, level=level) if text else None,
        "colour_errors": form.errors.get("colour", []) if form.is_bound else [],
        "modes": ("light", "dark"),
    }
