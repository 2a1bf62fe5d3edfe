"""Who may open every address of the product. Add a new address here, with one line.

A line says what the address is about (`school`, `of_class`, `about(LIST)` …), then who may GET it and who
may POST it: `EVERYONE`, `SIGNED_IN`, a permission, or None if the method is not allowed. The arguments of the
address are the names of things in `access_world.py`, or literal values. `test_access.py` asks each address as
every role, about own and foreign things, and fails if an address has no line.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from classroom_admin.accounts.permissions import Permission as P
from classroom_admin.web.api.v1.api import api

EVERYONE = "everyone, also without an account"
SIGNED_IN = "everyone who is signed in"
TOKEN = "everyone with a signature or token in the request; the test has none"
Word = P | str | None

API_SPACE = "api_v1:"
SCHOOL, CLASS, STUDENT, LIST, PLAN = "school", "class", "student", "list", "plan"
EXPORT, BULK, UPLOAD = "export", "bulk", "upload"


@dataclass(frozen=True)
class Route:
    """Who may GET and POST an address. `of` is what it is about, `args` its arguments, `data` of the POST.

    `ok` has the answers for those who may, if they are not the usual ones.
    """

    of: str
    get: Word
    post: Word
    args: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    query: dict[str, Any] = field(default_factory=dict)
    ok: tuple[int, ...] = (200, 302, 422)


def _route(of: str, get: Word, post: Word, args: dict[str, Any], more: dict[str, Any]) -> Route:
    given = {name: args.pop(name) for name in ("data", "query", "ok") if name in args}
    return Route(of, get, post, {**more, **args}, **given)


def school(get: Word = None, post: Word = None, **args: Any) -> Route:
    """An address about no single thing."""
    return _route(SCHOOL, get, post, args, {})


def of_class(get: Word = SIGNED_IN, post: Word = None, **args: Any) -> Route:
    """An address about a class. People who may not see it get 404, and people without the permission 403."""
    return _route(CLASS, get, post, args, {"key": "key"})


def about(of: str, get: Word = SIGNED_IN, post: Word = None, **args: Any) -> Route:
    """An address about another thing. People who may not open it get 404."""
    return _route(of, get, post, args, {})


def operations_of_api() -> dict[str, Route]:
    """The paths of the API, which no session opens. `api/v1/access_table.py` says who may use them."""
    values = {"key": "key", "id": 1, "link": 1, "number": 0}
    return {
        f"{API_SPACE}{path.name}": school(**{name: values[name] for name in path.pattern.converters})
        for path in api.urls[0]
    }


NO_FACTOR = (200, 302, 404, 405)
"""The answers about a second factor that the person does not have."""
ROOT = {
    "healthz": school(EVERYONE),
    "livez": school(EVERYONE),
    "readyz": school(EVERYONE),
    "metrics": school(TOKEN),
    "notifications": school(None, TOKEN),
    "channel_notifications": school(None, TOKEN),
    "agora_chat": school(None, TOKEN),
    "account_login": school(EVERYONE, EVERYONE),
    "account_logout": school(EVERYONE, EVERYONE),
    "account_inactive": school(EVERYONE),
    "account_first_steps": school(SIGNED_IN, SIGNED_IN),
    "account_settings": school(SIGNED_IN, SIGNED_IN),
    "account_language": school(None, EVERYONE),
    "account_change_password": school(SIGNED_IN, SIGNED_IN),
    "account_second_factor": school(SIGNED_IN),
    "account_set_password": school(TOKEN, TOKEN, secret="unknown"),
    "account_reset_password": school(EVERYONE, EVERYONE),
    "account_reset_password_done": school(EVERYONE),
    "account_reauthenticate": school(SIGNED_IN, SIGNED_IN),
    "account_sign_in_again": school(SIGNED_IN),
    "account_end_session": school(None, SIGNED_IN, pk=0),
    "usersessions_list": school(SIGNED_IN, SIGNED_IN),
    "mfa_index": school(SIGNED_IN),
    "mfa_authenticate": school(EVERYONE, EVERYONE),
    "mfa_reauthenticate": school(SIGNED_IN, SIGNED_IN),
    "mfa_activate_totp": school(SIGNED_IN, SIGNED_IN),
    "mfa_deactivate_totp": school(SIGNED_IN, SIGNED_IN, ok=NO_FACTOR),
    "mfa_view_recovery_codes": school(SIGNED_IN, SIGNED_IN, ok=NO_FACTOR),
    "mfa_generate_recovery_codes": school(SIGNED_IN, SIGNED_IN),
    "mfa_list_webauthn": school(EVERYONE, EVERYONE),
    "mfa_add_webauthn": school(SIGNED_IN, SIGNED_IN),
    "mfa_edit_webauthn": school(SIGNED_IN, SIGNED_IN, pk=0, ok=NO_FACTOR),
    "mfa_remove_webauthn": school(SIGNED_IN, SIGNED_IN, pk=0, ok=NO_FACTOR),
    "mfa_reauthenticate_webauthn": school(SIGNED_IN, SIGNED_IN),
    "mfa_login_webauthn": school(EVERYONE, EVERYONE),
}
FIRST_RUN = {
    "first_run:begin": school(EVERYONE, EVERYONE),  # it leads on, because there is an administrator
    "first_run:connection": school(P.SETTINGS, P.SETTINGS),
    "first_run:teacher": school(P.PEOPLE, P.PEOPLE),
}
SIGN_ON = {
    # The provider of this test does not answer. Signed-in people go on to their page.
    "sign_on:begin": school(EVERYONE, key="school", ok=(302, 403)),
    "sign_on:callback": school(EVERYONE, key="school", ok=(403,)),
    "sign_on:emergency": school(EVERYONE, EVERYONE, code="guessed", ok=(410,)),
    "saml_acs": school(None, TOKEN, organization_slug="school"),
    "saml_finish_acs": school(TOKEN, organization_slug="school"),
    "saml_metadata": school(TOKEN, organization_slug="school"),
    "saml_login": school(TOKEN, TOKEN, organization_slug="school"),
    "saml_sls": school(TOKEN, TOKEN, organization_slug="school"),
}
PEOPLE = {
    "people:list": school(P.PEOPLE),
    "people:create": school(P.PEOPLE, P.PEOPLE),
    "people:import": school(P.PEOPLE, P.PEOPLE),
    "people:import_example": school(P.PEOPLE),
    "people:import_columns": school(P.PEOPLE, P.PEOPLE, file_key="people_file"),
    "people:import_preview": school(P.PEOPLE, P.PEOPLE, file_key="people_file"),
    "people:download": school(P.PEOPLE),
    "people:activation": school(P.PEOPLE, P.PEOPLE),
    "people:unassigned": school(P.PEOPLE, P.PEOPLE),
    "people:person": school(P.PEOPLE, P.PEOPLE, pk="of the teacher"),
    "people:roles": school(P.PEOPLE),
    "people:set": school(None, P.PEOPLE, pk="of the teacher"),
    "people:assign": school(None, P.PEOPLE, pk="of the teacher"),
    "people:unassign": school(None, P.PEOPLE, pk="of the teacher"),
    "people:deactivate": school(None, P.PEOPLE, pk="of the teacher"),
    "people:reactivate": school(None, P.PEOPLE, pk="of the teacher"),
    "people:password": school(None, P.PEOPLE, pk="of the teacher"),
    "people:second_factors": school(None, P.PEOPLE, pk="of the teacher"),
    "people:sessions": school(None, P.PEOPLE, pk="of the teacher"),
}
SETTINGS = {
    "settings:overview": school(P.SETTINGS),
    "settings:test": school(None, P.SETTINGS),
    "settings:test_capability": school(None, P.SETTINGS, name="stage"),
    "settings:sync": school(P.SETTINGS),
    "settings:sign_on": school(P.SETTINGS),
    "settings:add_sign_on": school(P.SETTINGS, P.SETTINGS),
    "settings:change_sign_on": school(P.SETTINGS, P.SETTINGS, key="school"),
    "settings:test_sign_on": school(None, P.SETTINGS, key="school"),
    "settings:switch_sign_on": school(None, P.SETTINGS, key="school"),
    "settings:delete_sign_on": school(P.SETTINGS, P.SETTINGS, key="school"),
    "settings:disconnect_sign_on": school(None, P.SETTINGS),
    "settings:retention": school(P.SETTINGS),
    "settings:audit": school(P.AUDIT),
    "settings:audit_file": school(P.AUDIT),
    "settings:audit_json": school(P.AUDIT),
}
NOTICES = {
    "notices:choose_mails": school(None, SIGNED_IN),
    "notices:unsubscribe": school(TOKEN, TOKEN, token="guessed"),
    "notices:mail_failures": school(P.SETTINGS),
    "notices:mail_again": school(None, P.SETTINGS, pk="failed_mail"),
    "notices:targets": school(P.SETTINGS),
    "notices:add_target": school(P.SETTINGS, P.SETTINGS),
    "notices:change_target": school(P.SETTINGS, P.SETTINGS, key="chat"),
    "notices:test_target": school(None, P.SETTINGS, key="chat"),
    "notices:switch_target": school(None, P.SETTINGS, key="chat"),
    "notices:delete_target": school(P.SETTINGS, P.SETTINGS, key="chat"),
}
WEBHOOKS = {
    "webhooks:list": school(P.SETTINGS),
    "webhooks:add": school(P.SETTINGS, P.SETTINGS),
    "webhooks:webhook": school(P.SETTINGS, key="hook"),
    "webhooks:change": school(P.SETTINGS, P.SETTINGS, key="hook"),
    "webhooks:switch": school(None, P.SETTINGS, key="hook"),
    "webhooks:test": school(None, P.SETTINGS, key="hook"),
    "webhooks:secret": school(None, P.SETTINGS, key="hook"),
    "webhooks:rotate": school(None, P.SETTINGS, key="hook"),
    "webhooks:delete": school(P.SETTINGS, P.SETTINGS, key="hook"),
    "webhooks:message": school(P.SETTINGS, key="hook", pk="webhook_message"),
    "webhooks:again": school(None, P.SETTINGS, key="hook", pk="webhook_message"),
}
FACE = {
    "face:settings": school(P.SETTINGS, P.SETTINGS),
    "face:preview": school(None, P.SETTINGS),
    "face:logo": school(P.SETTINGS, P.SETTINGS),
    "face:dismiss": school(None, SIGNED_IN),
    "face:palette": school(EVERYONE, version="1", colour="3a4bc8"),
    "face:preview_file": school(EVERYONE, version="1", colour="3a4bc8"),
    "face:logo_file": school(EVERYONE, digest="0" * 32, ok=(404,)),  # this school has no logo
}
LISTS = {
    "lists:lists": school(P.CLASS_LISTS),
    "lists:make": school(P.CLASS_LISTS, P.CLASS_LISTS),
    "lists:example": school(P.CLASS_LISTS),
    "lists:oneroster": school(P.CLASS_LISTS),
    "lists:upload_oneroster": school(P.CLASS_LISTS, P.CLASS_LISTS),
    "lists:classes": about(UPLOAD, P.CLASS_LISTS, P.CLASS_LISTS, file_key="oneroster"),
    "lists:list": about(LIST, P.CLASS_LISTS, P.CLASS_LISTS, key="list"),
    "lists:add_person": about(LIST, P.CLASS_LISTS, P.CLASS_LISTS, key="list"),
    "lists:person": about(LIST, P.CLASS_LISTS, P.CLASS_LISTS, key="list", pk="listed"),
    "lists:delete_person": about(LIST, None, P.CLASS_LISTS, key="list", pk="listed"),
    "lists:upload": about(LIST, P.CLASS_LISTS, P.CLASS_LISTS, key="list"),
    "lists:columns": about(UPLOAD, P.CLASS_LISTS, P.CLASS_LISTS, key="list", file_key="list_file"),
    "lists:preview": about(UPLOAD, P.CLASS_LISTS, P.CLASS_LISTS, key="list", file_key="list_file"),
    "lists:delete": about(LIST, P.CLASS_LISTS, P.CLASS_LISTS, key="list"),
    "lists:thresholds": about(LIST, P.CLASS_LISTS, P.CLASS_LISTS, key="list"),
    "lists:download": about(LIST, P.CLASS_LISTS, key="list"),
}
REPORTS = {
    "reports:overview": school(P.REPORTS),
    "reports:recordings": school(P.REPORTS),
    "reports:recording": about(CLASS, P.REPORTS, pk="recording"),
    # The file is not ready, so that the test needs no cloud.
    "reports:recording_file": about(CLASS, P.REPORTS, pk="recording", number=1, ok=(404,)),
    "reports:recording_segment": about(CLASS, P.REPORTS, pk="recording", number=1, segment=1, ok=(404,)),
    "reports:share_recording": about(CLASS, P.RECORD, P.RECORD, pk="recording"),
    "reports:attendance": school(P.REPORTS),
    "reports:student": about(STUDENT, P.REPORTS, pk="attended"),
    "reports:list": about(LIST, P.REPORTS, key="list"),
    "reports:class": of_class(P.REPORTS, key="over"),
    "reports:correct": of_class(P.ATTENDANCE, P.ATTENDANCE, key="over", pk="attended"),
    "reports:participation": school(P.REPORTS),
    "reports:class_participation": of_class(P.REPORTS, key="over"),
    "reports:questions": school(P.REPORTS),
    "reports:question_students": school(P.REPORTS),
    "reports:question_weeks": school(P.REPORTS),
    "reports:exports": school(P.REPORTS),
    "reports:new_export": school(P.REPORTS, P.REPORTS, query={"what": "attendance", "format": "csv"}),
    "reports:export_row": about(EXPORT, P.REPORTS, key="export"),
    "reports:cancel_export": about(EXPORT, P.REPORTS, P.REPORTS, key="export"),
    "reports:export_file": about(EXPORT, P.REPORTS, key="export", ok=(404,)),  # not ready
    "reports:incident": of_class(P.INCIDENTS, P.INCIDENTS, key="over"),
    "reports:teaching": school(P.REPORTS),
}
CLASSES = {
    "live:classes": school(SIGNED_IN),
    "live:classes_changes": school(SIGNED_IN),
    "live:status": school(SIGNED_IN),
    "live:more_tiles": school(SIGNED_IN),
    "live:icons": school(EVERYONE, fingerprint="fingerprint"),
    "live:keys": school(SIGNED_IN),
    "live:snooze": of_class(SIGNED_IN, P.RUN),
    "live:enter": of_class(P.JOIN, P.JOIN, name="teacher"),
    "live:substitute": of_class(P.SUBSTITUTE, P.SUBSTITUTE),
    "live:substitutions": school(P.SUBSTITUTE, P.SUBSTITUTE),
    "live:together": school(P.RUN, P.RUN),
    "live:run": about(BULK, P.RUN, P.RUN, run="run"),
    "live:calendar": school(SIGNED_IN, SIGNED_IN),
    "live:calendar_feed": school(TOKEN, token="none"),
    "live:search": school(SIGNED_IN),
    "live:student": about(STUDENT, pk="gone"),
    "live:create": school(P.SCHEDULE, P.SCHEDULE),
    "live:check_class": school(None, P.SCHEDULE),
    "live:plans": school(P.SCHEDULE),
    "live:plan": about(PLAN, P.SCHEDULE, key="plan"),
    "live:change_plan": about(PLAN, P.SCHEDULE, P.SCHEDULE, key="plan"),
    "live:plan_do": about(PLAN, None, P.SCHEDULE, key="plan", name="retry"),
}
CLASS_PAGE = {
    "live:class_changes": of_class(),
    "live:class": of_class(),
    "live:details": of_class(),
    "live:more_people": of_class(),
    "live:person": of_class(pk="gone"),
    "live:attendance": of_class(),
    "live:not_taken_part": of_class(),
    "live:kept_out": of_class(),
    "live:keep": of_class(P.SETTINGS, P.SETTINGS),
    "live:groups": of_class(P.RUN, P.RUN),
    "live:group": of_class(P.RUN, P.RUN, group="group", name="rename"),
    "live:properties": of_class(P.PROPERTIES, P.PROPERTIES),
    "live:check_properties": of_class(None, P.PROPERTIES),
    "live:chat": of_class(),
    "live:there": of_class(of="room", number=1),
    "live:question": of_class(of="quiz", pk="of the quiz"),
    "live:end_question": of_class(P.RUN, P.RUN, of="quiz", pk="of the quiz"),
    "live:streams": of_class(P.RECORD, pk="recording"),
    "live:command": of_class(P.START_END, P.START_END, name="close"),
    "live:remove": of_class(P.RUN, P.RUN, pk="person"),
    "live:let_back": of_class(P.RUN, P.RUN, pk="gone"),
    "live:person_form": of_class(P.RUN, P.RUN, pk="person", name="reward"),
    "live:people_do": of_class(P.RUN, P.RUN, query={"mute": "person"}, data={"mute": "person"}),
    "live:call_off": of_class(P.RUN, P.RUN, pk="removal"),
    "live:check": of_class(P.RUN, P.RUN, pk="entry"),
    "live:class_list": of_class(P.CHOOSE_LIST, P.CHOOSE_LIST),
    "live:check_recording": of_class(None, P.RECORD, name="start"),
    "live:recording": of_class(P.RECORD, P.RECORD, name="stop"),
    "live:events": of_class(),
    "live:event": of_class(pk="event"),
    "live:replay": of_class(),
    "live:shared_recording": school(TOKEN, token="none"),
    "live:shared_recording_file": school(TOKEN, token="none", number=1),
    "live:shared_recording_segment": school(TOKEN, token="none", number=1, segment=1),
    "live:shared_file": school(EVERYONE, signed="signed", name="file_name"),
    "live:file_pages": of_class(pk="file"),
    "live:add_file": of_class(P.FILES, P.FILES),
    "live:upload_file": of_class(None, P.FILES),
    "live:delete_files": of_class(P.FILES, P.FILES),
    "live:undo_delete": of_class(P.FILES, P.FILES, hold="hold"),
}
PRIVACY = {
    "privacy:people": school(P.SETTINGS),
    "privacy:person": school(P.SETTINGS, of="students", pk="gone"),
    "privacy:selected": school(None, P.SETTINGS),
    "privacy:export": school(None, P.SETTINGS),
    "privacy:erase": school(None, P.SETTINGS),
    "privacy:job": school(P.SETTINGS, key="unknown", ok=(404,)),
    "privacy:job_state": school(P.SETTINGS, key="unknown", ok=(404,)),
    "privacy:job_file": school(P.SETTINGS, key="unknown", ok=(404,)),
}
JOINING = {
    "live:manifest": school(EVERYONE),
    "joining:page": school(EVERYONE, EVERYONE, code="join_code"),
    "joining:invitation": school(EVERYONE, code="join_code", ok=(200, 404)),  # 404: no time is set
    "joining:personal": school(TOKEN, TOKEN, signed_link="none"),
    "joining:personal_ics": school(TOKEN, signed_link="none"),
    "joining:waiting": school(TOKEN, TOKEN, ticket="none"),
    "joining:enter": school(TOKEN, ticket="none"),
    "live:joining": of_class(P.JOIN, P.SCHEDULE),
    "live:join_requests": of_class(P.RUN, P.RUN),
    "live:join_sheet": of_class(P.SCHEDULE),
    "live:join_invitation": of_class(P.JOIN, ok=(200, 302, 404)),
    "live:start_and_join": of_class(P.START_END, P.START_END),
}
LTI = {
    "lti:login": school(EVERYONE, EVERYONE, ok=(403,)),  # the request names no platform
    "lti:launch": school(None, EVERYONE, ok=(403,)),
    "lti:enter": school(None, EVERYONE, ok=(403,)),
    "lti:confirm": school(None, EVERYONE, ok=(403,)),
    "lti:choose": school(None, EVERYONE, ok=(410,)),
    "lti:keys": school(EVERYONE),
    "lti:register": school(EVERYONE, EVERYONE, code="guessed", ok=(410,)),
    "lti:courses": of_class(P.CHOOSE_LIST),
    "lti:read_students": of_class(None, P.CHOOSE_LIST),
    "lti:choose_grade": of_class(None, P.CHOOSE_LIST, pk=1),  # a POST without a choice
    "lti:send_scores": of_class(None, P.CHOOSE_LIST),
    "lti:platforms": school(P.SETTINGS),
    "lti:registration_link": school(None, P.SETTINGS),
    "lti:replace_key": school(None, P.SETTINGS),
    "lti:add_platform": school(P.SETTINGS, P.SETTINGS),
    "lti:change_platform": school(P.SETTINGS, P.SETTINGS, key="platform"),
    "lti:test_platform": school(None, P.SETTINGS, key="platform"),
    "lti:delete_platform": school(P.SETTINGS, P.SETTINGS, key="platform"),
}
NO_SESSION = {"api_document", "api_nothing"}
"""The addresses of the API for which a session does not count."""
API = {
    "api_docs": school(EVERYONE),
    "api_document": school(EVERYONE),
    "api_nothing": school(TOKEN, TOKEN),
    "tokens:own": school(SIGNED_IN, SIGNED_IN),
    "tokens:revoke": school(None, SIGNED_IN, pk=0),
    "tokens:revoke_of_person": school(None, P.PEOPLE, pk="of the teacher", number=0),
    **operations_of_api(),
}
PARTS = {
    "root": ROOT,
    "api": API,
    "first run": FIRST_RUN,
    "sign-on": SIGN_ON,
    "people": PEOPLE,
    "settings": SETTINGS,
    "notices": NOTICES,
    "webhooks": WEBHOOKS,
    "face": FACE,
    "lists": LISTS,
    "reports": REPORTS,
    "classes": CLASSES,
    "class page": CLASS_PAGE,
    "privacy": PRIVACY,
    "joining": JOINING,
    "learning platforms": LTI,
}
TABLE = {name: route for part in PARTS.values() for name, route in part.items()}
STREAMS = {"/live/classes/stream": SCHOOL, "/live/classes/{key}/stream": CLASS}
"""The event streams, which are not in the resolver: `realtime.middleware` serves them."""
