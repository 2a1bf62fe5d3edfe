"""Views about people and the classes assigned to them, for people who manage accounts."""

from typing import Any

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Count, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from classroom_admin.accounts import permissions
from classroom_admin.accounts.models import User
from classroom_admin.accounts.permissions import Permission
from classroom_admin.accounts.recently_signed_in import recently_signed_in
from classroom_admin.actions import people as actions
from classroom_admin.actions import supervision
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.common.search_field import matches
from classroom_admin.rooms import access
from classroom_admin.rooms.models import Room
from classroom_admin.rooms.selectors import HEAVY, named_like
from classroom_admin.web.access import AuthenticatedHttpRequest, requires
from classroom_admin.web.parameters import search_words
from classroom_admin.web.people import sign_in
from classroom_admin.web.people.forms import AssignForm, PersonForm, RoomsForm, SetForm

PEOPLE_A_PAGE = 50
ROOMS_A_PAGE = 25
UNPROCESSABLE = 422


@require_safe
@requires(Permission.PEOPLE)
def people(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Show a list of people. `q` and `show` are its filters."""
    words, show = search_words(request.GET), request.GET.get("show", "")
    found = Paginator(find_people(words=words, show=show), PEOPLE_A_PAGE)
    context = {"page": found.get_page(request.GET.get("page")), "q": words, "show": show, "roles": User.Role}
    return render(request, "people/list.html", context)


@never_cache
@sensitive_variables("secret")
@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.PEOPLE)
@recently_signed_in
def create(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Create a person. Mail or show the link to choose a password."""
    form = PersonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made, secret = actions.create_person(actor=request.user, **form.cleaned_data)
        except ActionRefused as refusal:
            _show_refusal(form, refusal)
        else:
            return sign_in.link_page(request, made, secret, is_new=True)
    status = UNPROCESSABLE if form.is_bound else 200
    return render(request, "people/create.html", {"form": form}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.PEOPLE)
@recently_signed_in
def person(request: AuthenticatedHttpRequest, pk: int) -> HttpResponse:
    """Show a person's details, classes and account. A POST saves the details."""
    shown = get_object_or_404(User, pk=pk)
    if request.method != "POST":
        return _person_page(request, shown, PersonForm(initial=_details(shown)))
    form = PersonForm(request.POST)
    if form.is_valid():
        had_link = shown.password_links.exists()
        try:
            changed = actions.change_person(actor=request.user, person=shown, **form.cleaned_data)
        except ActionRefused as refusal:
            _show_refusal(form, refusal)
        else:
            messages.success(request, _("The details were saved."))
            if had_link and not changed.password_links.exists():
                messages.warning(
                    request,
                    _(
                        "The link to choose a password no longer works, because the address changed. Press "
                        "“New password” to create another one."
                    ),
                )
            # An administrator who changed their own role to teacher may no longer see this page.
            may_stay = changed.pk != request.user.pk or permissions.may(changed, Permission.PEOPLE)
            return redirect("people:person", pk=pk) if may_stay else redirect("live:classes")
    return _person_page(request, shown, form, status=UNPROCESSABLE)


@require_POST
@requires(Permission.PEOPLE)
@recently_signed_in
def choose_set(request: AuthenticatedHttpRequest, pk: int) -> HttpResponse:
    """Save the teachers and class lists whose classes the person sees."""
    shown = get_object_or_404(User, pk=pk)
    if not permissions.has_set(shown.role):
        messages.error(request, _("A person with this role has no set of teachers and class lists."))
        return redirect("people:person", pk=pk)
    form = SetForm(request.POST, person=shown)
    if not form.is_valid():
        messages.error(request, _("A teacher or class list no longer exists. Choose again."))
        return redirect("people:person", pk=pk)
    chosen = form.cleaned_data
    supervision.choose_set(
        actor=request.user,
        person=shown,
        teachers=list(chosen["teachers"]),
        lists=list(chosen.get("lists", ())),
        everything=chosen.get("everything", False),
    )
    messages.success(request, _("The classes that this person sees were saved."))
    return redirect("people:person", pk=pk)


@require_safe
@requires(Permission.PEOPLE)
def roles(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Show what each role may do, as a table. It comes from the tables that all checks use."""
    names = list(User.Role)
    context = {
        "roles": [{"role": role, "reach": permissions.REACH_LABELS[role]} for role in names],
        "rows": [
            {"words": words, "cells": [permission in permissions.rights_of(role) for role in names]}
            for permission, words in permissions.LABELS.items()
        ],
    }
    return render(request, "people/roles.html", context)


@require_POST
@requires(Permission.PEOPLE)
def assign(request: AuthenticatedHttpRequest, pk: int) -> HttpResponse:
    """Assign the selected classes to the person."""
    person_to = get_object_or_404(User, pk=pk)
    _assign(request, RoomsForm(request.POST), person_to)
    return redirect("people:person", pk=pk)


@require_POST
@requires(Permission.PEOPLE)
def unassign(request: AuthenticatedHttpRequest, pk: int) -> HttpResponse:
    """Unassign the selected classes from the person."""
    owner = get_object_or_404(User, pk=pk)
    form = RoomsForm(request.POST)
    if form.is_valid():
        for room in form.cleaned_data["rooms"]:
            actions.unassign_room(actor=request.user, person=owner, room=room)
            messages.success(
                request, _("%(room)s is no longer assigned to %(person)s.") % {"room": room, "person": owner}
            )
    else:
        messages.error(request, _("This class was not found. Check whether the list still contains it."))
    return redirect("people:person", pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.PEOPLE)
def unassigned(request: AuthenticatedHttpRequest) -> HttpResponse:
    """List the unassigned classes. A POST assigns the selected classes to a person."""
    form = AssignForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _assign(request, form, form.cleaned_data["person"]):
        return redirect(request.get_full_path())
    words = search_words(request.GET)
    found = Paginator(unassigned_rooms(words=words), ROOMS_A_PAGE)
    context = {
        "page": found.get_page(request.GET.get("page")),
        "q": words,
        "form": form,
        "ticked": request.POST.getlist("rooms"),
    }
    return render(request, "people/unassigned.html", context, status=UNPROCESSABLE if form.is_bound else 200)


@require_POST
@requires(Permission.PEOPLE)
@recently_signed_in
def deactivate(request: AuthenticatedHttpRequest, pk: int) -> HttpResponse:
    """Deactivate the account and sign the person out everywhere."""
    closing = get_object_or_404(User, pk=pk)
    try:
        actions.deactivate_person(actor=request.user, person=closing)
    except ActionRefused as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(
            request, _("%(person)s was deactivated and signed out everywhere.") % {"person": closing}
        )
    return redirect("people:person", pk=pk)


@require_POST
@requires(Permission.PEOPLE)
@recently_signed_in
def reactivate(request: AuthenticatedHttpRequest, pk: int) -> HttpResponse:
    """Reactivate the account."""
    opening = get_object_or_404(User, pk=pk)
    actions.reactivate_person(actor=request.user, person=opening)
    messages.success(request, _("%(person)s can sign in again.") % {"person": opening})
    return redirect("people:person", pk=pk)


@never_cache
@sensitive_variables("secret")
@require_POST
@requires(Permission.PEOPLE)
@recently_signed_in
def reset_password(request: AuthenticatedHttpRequest, pk: int) -> HttpResponse:
    """Delete the password. Mail or show a link to choose another one."""
    shown = get_object_or_404(User, pk=pk)
    try:
        secret = actions.reset_password(actor=request.user, person=shown)
    except ActionRefused as refusal:
        messages.error(request, refusal.message)
        return redirect("people:person", pk=pk)
    get_adapter(request).forgive_failed_sign_ins(request, shown.email)
    return sign_in.link_page(request, shown, secret, is_new=False)


def _details(shown: User) -> dict[str, Any]:
    ids = list(shown.identities.values_list("user_uuid", flat=True))
    return {"name": shown.name, "email": shown.email, "role": shown.role, "user_uuids": ids}


def _person_page(
    request: AuthenticatedHttpRequest, shown: User, form: PersonForm, status: int = 200
) -> HttpResponse:
    words = search_words(request.GET)
    rooms = Paginator(rooms_of(shown), ROOMS_A_PAGE)
    found = list(assignable_rooms(shown, words=words)[: ROOMS_A_PAGE + 1]) if words else []
    context = {
        "person": shown,
        "form": form,
        "set_form": SetForm(person=shown) if permissions.has_set(shown.role) else None,
        "may_teach": permissions.may_teach(shown),
        "page": rooms.get_page(request.GET.get("page")),
        "q": words,
        "found": found[:ROOMS_A_PAGE],
        "found_more": len(found) > ROOMS_A_PAGE,
        "is_self": shown.pk == request.user.pk,
        **sign_in.context(shown),
    }
    return render(request, "people/person.html", context, status=status)


def _show_refusal(form: PersonForm, refusal: ActionRefused) -> None:
    form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)


def _assign(request: AuthenticatedHttpRequest, form: RoomsForm, person_to: User) -> bool:
    """Assign all selected classes, or none if there is an error. Return whether they were assigned.

    Add a message for the next page.
    """
    if not form.is_valid():
        messages.error(request, _("Select at least one class, then press the button again."))
        return False
    rooms = list(form.cleaned_data["rooms"])
    try:
        with transaction.atomic():
            for room in rooms:
                actions.assign_room(actor=request.user, person=person_to, room=room)
    except ActionRefused as refusal:
        messages.error(request, refusal.message)
        return False
    if len(rooms) == 1:
        text = _("%(room)s is now assigned to %(person)s.") % {"room": rooms[0], "person": person_to}
    else:
        text = ngettext(
            "%(count)s class is now assigned to %(person)s.",
            "%(count)s classes are now assigned to %(person)s.",
            len(rooms),
        ) % {"count": len(rooms), "person": person_to}
    messages.success(request, text)
    return True


NEWEST_FIRST = ("-known_since", "-pk")


def find_people(*, words: str = "", show: str = "") -> QuerySet[User]:
    """Return people with `words` in their name or email. They have an `assigned_count`.

    `show` limits the result to a role, or to "deactivated".
    """
    people = User.objects.annotate(assigned_count=Count("taught_rooms")).prefetch_related("identities")
    if words:
        people = people.filter(matches(words, field="search"))
    if show in User.Role.values:
        people = people.filter(role=show)
    elif show == "deactivated":
        people = people.filter(is_active=False)
    return people.order_by("-is_active", "name", "email")


def rooms_of(person: User) -> QuerySet[Room]:
    """Return the person's own classes, the newest first.

    `assigned` is True if a class is assigned to them.
    """
    rooms = Room.objects.annotate(assigned=access.is_assigned_to(person))
    return access.own_rooms(person, rooms).order_by(*NEWEST_FIRST)


def assignable_rooms(person: User, *, words: str) -> QuerySet[Room]:
    """Return classes that the person is not assigned to, the newest first. Their names contain `words`."""
    rooms = Room.objects.filter(~access.is_assigned_to(person)).filter(named_like(words))
    return rooms.defer(*HEAVY).order_by(*NEWEST_FIRST)


def unassigned_rooms(*, words: str = "") -> QuerySet[Room]:
    """Return unassigned classes, the newest first. Their names contain `words`."""
    return access.unassigned_rooms().filter(named_like(words)).defer(*HEAVY).order_by(*NEWEST_FIRST)
