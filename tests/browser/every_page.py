"""All pages, for the tests that check every page. Add a new address here."""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern, get_resolver

NOBODY, SIGNED_IN = "nobody", "signed in"
# name of the address -> its path; scene.complete() returns the values in braces
PAGES = {
    "live:classes": "/",
    "live:class": "/classes/{room}/",
    "live:chat": "/classes/{room}/chat/",
    "live:events": "/classes/{room}/events/",
    "live:event": "/classes/{room}/events/{event}/",
    "live:details": "/classes/{room}/details/",
    "live:create": "/classes/new/",
    "live:command": "/classes/{room}/do/end/",
    "live:remove": "/classes/{room}/people/{person}/remove/",
    "live:let_back": "/classes/{room}/people/{person}/let-back/",
    "live:person": "/classes/{room}/people/{person}/",
    "live:people_do": "/classes/{room}/people/do/?mute={person}",
    "live:person_form": "/classes/{room}/people/{person}/reward/",
    "live:search": "/search/",
    "live:student": "/students/{person}/",
    "live:attendance": "/classes/{room}/attendance/",
    "live:not_taken_part": "/classes/{room}/not-taken-part/",
    "live:kept_out": "/classes/{room}/kept-out/",
    "live:call_off": "/classes/{room}/removals/{removal}/call-off/",
    "live:class_list": "/classes/{room}/list/",
    "live:keep": "/classes/{room}/keep/",
    "live:check": "/classes/{room}/commands/{command}/check/",
    "live:substitute": "/classes/{failed}/substitute/",
    "live:snooze": "/classes/{failed}/snooze/",
    "live:groups": "/classes/{room}/groups/",
    "live:properties": "/classes/{room}/properties/",
    "live:there": "/classes/{room}/chat/room/{message}/there/",
    "live:question": "/classes/{room}/questions/quiz/{question}/",
    "live:end_question": "/classes/{room}/questions/quiz/{question}/end/",
    "live:replay": "/classes/{room}/replay/",
    "live:recording": "/classes/{room}/recording/start/",
    "live:streams": "/classes/{room}/recordings/{recording}/streams/",
    "live:file_pages": "/classes/{room}/files/{file}/pages/",
    "live:undo_delete": "/classes/{room}/files/held/1/undo/",
    "live:add_file": "/classes/{room}/files/add/",
    "live:delete_files": "/classes/{room}/files/delete/",
    "live:keys": "/keys/",
    "live:substitutions": "/substitutions/",
    "live:together": "/together/",
    "live:run": "/together/{run}/",
    "live:plans": "/plans/",
    "live:plan": "/plans/{plan}/",
    "live:change_plan": "/plans/{plan}/change/",
    "live:calendar": "/account/calendar/",
    "lists:lists": "/lists/",
    "lists:make": "/lists/new/",
    "lists:oneroster": "/lists/oneroster/",
    "lists:classes": "/lists/oneroster/{export}/",
    "lists:list": "/lists/{list}/",
    "lists:add_person": "/lists/{list}/people/new/",
    "lists:person": "/lists/{list}/people/{listed}/",
    "lists:columns": "/lists/{list}/files/{list_file}/",
    "lists:preview": "/lists/{list}/files/{list_file}/preview/",
    "lists:delete": "/lists/{list}/delete/",
    "reports:overview": "/reports/",
    "reports:attendance": "/reports/attendance/",
    "reports:student": "/reports/students/{attended}/",
    "reports:list": "/reports/lists/{list}/",
    "reports:class": "/reports/classes/{over}/",
    "reports:correct": "/reports/classes/{over}/people/{excused}/",
    "reports:participation": "/reports/participation/",
    "reports:class_participation": "/reports/classes/{over}/participation/",
    "reports:questions": "/reports/questions/",
    "reports:question_students": "/reports/questions/students/",
    "reports:question_weeks": "/reports/questions/weeks/",
    "reports:teaching": "/reports/teaching/",
    "reports:recordings": "/reports/recordings/",
    "reports:recording": "/reports/recordings/{recording}/",
    "reports:share_recording": "/reports/recordings/{recording}/share/",
    "reports:exports": "/reports/exports/",
    "reports:new_export": "/reports/exports/new/?what=attendance&format=xlsx",
    "reports:cancel_export": "/reports/exports/{report_export}/cancel/",
    "reports:incident": "/reports/classes/{room}/incident/",
    "first_run:connection": "/first-run/connection/",
    "first_run:teacher": "/first-run/teacher/",
    "people:list": "/people/",
    "people:create": "/people/new/",
    "people:unassigned": "/people/unassigned/",
    "people:roles": "/people/roles/",
    "people:person": "/people/2/",
    "privacy:people": "/privacy/people/",
    "privacy:person": "/privacy/people/students/{person}/",
    "settings:overview": "/settings/",
    "settings:audit": "/settings/audit/",
    "settings:retention": "/settings/retention/",
    "settings:sync": "/settings/sync/",
    "settings:sign_on": "/settings/sign-on/",
    "settings:add_sign_on": "/settings/sign-on/new/",
    "settings:change_sign_on": "/settings/sign-on/{sign_on}/",
    "settings:delete_sign_on": "/settings/sign-on/{sign_on}/delete/",
    "webhooks:list": "/settings/webhooks/",
    "webhooks:add": "/settings/webhooks/new/",
    "webhooks:webhook": "/settings/webhooks/{webhook}/",
    "webhooks:change": "/settings/webhooks/{webhook}/change/",
    "webhooks:delete": "/settings/webhooks/{webhook}/delete/",
    "webhooks:message": "/settings/webhooks/{webhook}/messages/{webhook_message}/",
    "account_settings": "/account/settings/",
    "account_change_password": "/account/password/",
    "mfa_index": "/account/security/",
    "mfa_activate_totp": "/account/security/app/",
    "mfa_add_webauthn": "/account/security/passkeys/add/",
    "mfa_generate_recovery_codes": "/account/security/codes/new/",
    "usersessions_list": "/account/sessions/",
    "account_reauthenticate": "/account/confirm/",
    "account_logout": "/sign-out/",
}
FOR_NOBODY = {
    "account_login": "/sign-in/",
    "account_inactive": "/account/inactive/",
    "account_reset_password": "/sign-in/forgotten/",
    "account_reset_password_done": "/sign-in/forgotten/sent/",
    "account_set_password": "/sign-in/password/unknown/",
    "404": "/nothing/like/this/",
}
NOT_FOUND = ("404", "account_set_password")  # no link is valid, so the page says that this one is not
# further states of these pages
MORE = {
    "all past": "/?when=past",
    "searched": "/?q=no-such-class",
    "found": "/search/?q=e",
    "all of a student": "/students/{person}/?range=all",
    "close": "/classes/{room}/do/close/",
    "announce": "/classes/{room}/do/announce/",
    "several people": "/classes/{room}/do/several/",
    "quiz form": "/classes/{room}/do/quiz/",
    "poll form": "/classes/{room}/do/poll/",
    "countdown": "/classes/{room}/do/countdown/",
    "message": "/classes/{room}/people/{person}/message/",
    "stop": "/classes/{room}/recording/stop/",
    "change recording": "/classes/{room}/recording/change/",
    "properties of the class": "/classes/{room}/properties/?of=room",
    "messages of one kind": "/classes/{room}/chat/?kind=peer",
    "messages found": "/classes/{room}/chat/?q=page",
    "attendance by class": "/reports/attendance/?by=class&sort=-late",
    "attendance by teacher": "/reports/attendance/?by=teacher",
    "people found for privacy": "/privacy/people/?q=a",
    "report of a running class": "/reports/classes/{room}/",
}
# parts of pages, actions, and other addresses that are no pages
NO_PAGES = {
    "healthz",
    "livez",
    "readyz",
    "first_run:begin",  # open only without an administrator: test_first_run
    "metrics",
    "live:classes_changes",
    "live:more_tiles",
    "live:status",
    "live:enter",
    "live:group",  # a dialog, for an open breakout room: test_commands
    "live:class_changes",
    "live:icons",
    "live:more_people",
    "live:check_class",
    "live:check_properties",
    "live:check_recording",
    "live:plan_do",
    "live:calendar_feed",
    "live:shared_file",
    "live:shared_recording",  # for people without an account: test_recordings_library
    "live:shared_recording_file",
    "live:shared_recording_segment",
    "reports:recording_file",
    "reports:recording_segment",
    "live:upload_file",
    "lists:delete_person",
    "lists:thresholds",
    "lists:upload",
    "lists:upload_oneroster",
    "lists:example",
    "lists:download",
    "reports:export_row",
    "reports:export_file",
    "agora_chat",
    "channel_notifications",
    "notifications",
    "privacy:selected",  # after a form: test_person_data
    "privacy:export",
    "privacy:erase",
    "privacy:job",
    "privacy:job_state",
    "privacy:job_file",
    "people:assign",
    "people:set",
    "people:unassign",
    "people:deactivate",
    "people:reactivate",
    "people:password",
    "settings:audit_file",
    "settings:test_sign_on",
    "settings:switch_sign_on",
    "settings:disconnect_sign_on",
    *(f"webhooks:{name}" for name in ("again", "rotate", "secret", "switch", "test")),
    "sign_on:begin",
    "sign_on:callback",
    "sign_on:emergency",  # for one sign-in only: test_school_sign_on
    "saml_acs",
    "saml_finish_acs",
    "saml_login",
    "saml_metadata",
    "saml_sls",
    "settings:audit_json",
    "settings:test",
    "settings:test_capability",
    "account_language",
    "people:second_factors",
    "people:sessions",
    "account_first_steps",  # for people whose password an administrator chose: test_first_steps
    "account_second_factor",  # for people who must have a second factor: test_second_factors
    "account_end_session",
    "account_sign_in_again",  # for people without a password, later: test_school_sign_on
    "mfa_authenticate",  # for people with a second factor: test_second_factors
    "mfa_login_webauthn",
    "mfa_reauthenticate",
    "mfa_reauthenticate_webauthn",
    "mfa_deactivate_totp",
    "mfa_view_recovery_codes",
    "mfa_list_webauthn",
    "mfa_edit_webauthn",
    "mfa_remove_webauthn",
}


def paths(made: dict[str, str]) -> dict[str, str]:
    """Return the paths of all pages for signed-in people. `made` comes from scene.complete()."""
    return {name: path.format(**made) for name, path in (PAGES | MORE).items()}


def addresses() -> set[str]:
    """Return the names of all addresses of the product."""
    return set(_names(get_resolver().url_patterns, ""))


def _names(patterns: Any, space: str) -> Any:
    for one in patterns:
        if isinstance(one, URLPattern):
            if one.name:
                yield f"{space}{one.name}"
        else:
            inner = f"{space}{one.namespace}:" if one.namespace else space
            yield from _names(one.url_patterns, inner)
