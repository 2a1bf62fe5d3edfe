"""Define the English text of each problem code, and format these texts in any language.

If a code has a tuple of texts, they are shown one after the other. The database contains codes and their
parameters. So never rename a code, and keep its text compatible with stored parameters.
"""

from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any, Final

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from classroom_admin.common.problems import Problem, from_json, from_text

# Each text continues a sentence that begins with the name of a field.
ARGUMENTS: Final = {
    "missing": _("is missing."),
    "not_text": _("must be text."),
    "lone_surrogate": _("contains half of a character (a lone surrogate); enter it again."),
    "id_empty": _("is empty; an id needs at least one character."),
    "id_too_long": _("is too long; an id can have at most {most} characters."),
    "id_characters": _(
        "contains characters that the cloud does not allow in an id: {shown}. Use letters "
        "a-z and A-Z, digits, spaces and {signs}."
    ),
    "id_dots": _("can't be used: it has another meaning in web addresses."),
    "name_empty": _("is empty; enter a name."),
    "name_unseen": _("has no visible characters; enter at least one letter, digit or symbol."),
    "name_too_long": _(
        "must be shorter than {most} bytes; it has {has} (non-English letters take two to four bytes each)."
    ),
    "control_characters": _("contains control characters such as a line break; remove them."),
    "not_whole": _("must be a whole number."),
    "not_number": _("must be a number."),
    "too_small": _("must be {least} or more; it is {value}."),
    "out_of_range": _("must be from {least} to {most}; it is {value}."),
    "not_a_choice": _("must be one of {choices}; it is {value}."),
    "not_boolean": _("must be true or false."),
    "ban_too_short": _("must be 1 second or more, or -1 for a permanent ban; it is {seconds}."),
    "address_blank": _("contains a space or a control character; write a space as %20."),
    "not_address": _("must be a full web address that starts with http:// or https://."),
    "not_object": _("must be an object of names and values."),
    "properties_empty": _("is empty; enter at least one name and value."),
    "property_name": _("has a name that is empty or not text: {name}."),
    "not_json": _("can't be written as JSON: {error}."),
    "name_in_list_empty": _("contains an empty name."),
    "next_id": _("must be a number, or the nextId of the previous batch."),
    "not_list": _("must be a list."),
    "list_empty": _("is empty; enter at least one."),
    "settings_empty": _("is empty; enter at least one setting."),
    "unknown_setting": _("has no setting {name}; known settings: {known}."),
    "too_many_pixels": _(
        "is too large: width × height can be at most {most} pixels; {width} × {height} is {pixels} "
        "(default: {usual_width} × {usual_height})."
    ),
    "page_missing": _("is missing; a web recording needs the page's url or rootUrl."),
    "web_settings_missing": _("is missing; mode web needs at least the page's address."),
    "only_web": _("is allowed only with mode web."),
    "conversion_not_for_file": _("can't be {kind} for a {ext} file; {kind} is for {fitting}."),
    "only_dynamic": _("is allowed only with type dynamic."),
    "only_static": _("is allowed only with type static."),
    "unknown_role": _("has no role {role}; roles are the numbers 0 to 4 as text."),
    "groups_empty": _("is empty; add at least one."),
    "in_two_groups": _("puts {user} in two groups."),
}
CONFIGURATION: Final = {
    "base_url_missing": _("AGORA_BASE_URL is not set. Set it to the cloud's address: https://api.agora.io."),
    "host_wrong": _(
        "{name} is not a web address. It must start with http:// or https:// and include a host."
    ),
    "region_missing": _("AGORA_REGION is not set. Set it to cn, ap, eu or na."),
    "region_unknown": _("AGORA_REGION is {value}. It must be cn, ap, eu or na."),
    "project_value_missing": _("{name} is not set. Copy it from the project page in the Agora console."),
    "project_value_wrong": _("{name} is not valid. It must be 32 characters of 0-9 and a-f."),
    "auth_unknown": _("AGORA_AUTH is {value}. It must be rtm or education."),
    "uid_missing": _(
        "AGORA_UID is not set. Set it to the name this server signs in with, for example admin."
    ),
    "uid_wrong": _(
        "AGORA_UID is not valid. It must be 1 to 63 letters a-z A-Z, digits, spaces and {signs}, "
        "and not only dots."
    ),
    "update_method_unknown": _("AGORA_RECORD_UPDATE_METHOD is {value}. It must be PATCH or PUT."),
    "timeouts_wrong": _("The connect and read timeouts must be greater than 0 seconds."),
    "request_limit_wrong": _("AGORA_REQUESTS_PER_SECOND must be 0 (no limit) or more."),
}
CONNECTION: Final = {
    "connection_works": _("The connection works."),
    "works_clock_behind": _(
        "The connection works, but this server's clock is {size} behind the cloud's. Synchronize it with NTP."
    ),
    "works_clock_ahead": _(
        "The connection works, but this server's clock is {size} ahead of the cloud's. "
        "Synchronize it with NTP."
    ),
    "app_id_unknown": _("The cloud does not know this App ID. Check AGORA_APP_ID."),
    "token_refused": _(
        "The cloud rejects the token. Check that AGORA_APP_CERTIFICATE belongs to this App "
        "ID, and check AGORA_UID and AGORA_AUTH."
    ),
    "token_refused_clock_behind": _(
        "The cloud rejected the token. This server's clock is {size} behind the cloud's. "
        "Synchronize it with NTP."
    ),
    "token_refused_clock_ahead": _(
        "The cloud rejected the token. This server's clock is {size} ahead of the cloud's. "
        "Synchronize it with NTP."
    ),
    "no_such_address": _(
        "The cloud does not know this address. Check AGORA_REGION, AGORA_APP_ID and AGORA_BASE_URL, and "
        "make sure that Flexible Classroom is enabled for the App ID."
    ),
    "called_too_often": _("Too many requests with this App ID. Wait a moment, then test again."),
    "check_the_network": _("Check AGORA_BASE_URL, the server's network, and its firewall or proxy."),
    "not_the_cloud": _(
        "AGORA_BASE_URL answers, but the answer is not from the cloud. Check the address. A proxy or a "
        "network sign-in page may be answering instead."
    ),
    "cloud_in_trouble": _("The cloud reports an internal problem. Test again in a few minutes."),
    "test_refused": _("The cloud refused the test."),
    "cloud_said": _("The cloud reported: {error}."),
}
SENDING: Final = {
    "no_address": _("No address is set."),
    "too_many_requests_here": _(
        "Too many requests from this server. This request was not sent, because it would have waited "
        "longer than its time limit."
    ),
    "no_time_left": _("The time limit was reached before the request could be sent. Try again."),
    "redirected": _(
        "The address redirects instead of answering. Check the cloud's address. A proxy or a network "
        "sign-in page may be answering instead."
    ),
    "answer_too_long": _("The answer is larger than 64 MiB."),
    "answer_too_slow": _("The answer arrived too slowly, so the request was stopped."),
    "answer_stopped": _("The cloud stopped in the middle of its answer."),
    "answer_broke_off": _("The answer was cut off ({kind})."),
    "proxy_failed": _("The proxy could not be reached or blocked the request."),
    "tls_failed": _(
        "The connection could not be secured (TLS). Check the certificate. A proxy or firewall may be "
        "intercepting the connection."
    ),
    "connect_timed_out": _("The cloud did not accept the connection in time."),
    "no_answer_in_time": _("The cloud did not answer in time."),
    "unreachable": _("The cloud could not be reached: connection refused or unknown host."),
    "connection_broke": _("The connection was lost before an answer arrived."),
    "no_token": _(
        "No token can be created: App ID and App Certificate must each be 32 characters of 0-9 and a-f."
    ),
    "answer_not_json": _("The answer is not JSON: {error}."),
    "no_envelope": _("The answer does not have the expected format: “code” is missing."),
    "no_list_of_events": _("The answer contains no list of events."),
}
# Next steps for the user.
_RELOAD: Final = _("Reload the page to see the state of the class. Then repeat the command if necessary.")
_NOTHING: Final = _("You don't need to do anything.")
_NEW_CLASS: Final = _("Create a new class to continue.")
_SETTINGS: Final = _("Ask an administrator to open Settings and test the cloud connection.")
REFUSALS: Final[dict[str, str | tuple[str, ...]]] = {
    "outcome_unknown": _(
        "The cloud did not answer in time, so it is unclear whether the command worked. Wait for the page "
        "to show the result. If no result appears within a minute, try again."
    ),
    "values_rejected": _(
        "The cloud rejected the entered values. Nothing was changed. Check what you entered."
    ),
    "credentials_rejected": (
        _("The cloud did not accept this school's App ID, certificate or clock. Nothing was changed."),
        _SETTINGS,
    ),
    "chat_muted": _(
        "Chat is muted in this class. Nothing was changed. Unmute the chat first, then try again."
    ),
    "user_banned": _("This person is banned. Nothing was changed. Unban the person first."),
    "address_not_found": (
        _(
            "The cloud did not find the address, so the region or the App ID may be wrong. "
            "Nothing was changed."
        ),
        _SETTINGS,
    ),
    "class_deleted": (
        _("The cloud no longer has this class. It deletes a class an hour after the class ends."),
        _NEW_CLASS,
    ),
    "user_not_found": _(
        "The cloud did not find this person in this class. Nothing was changed. Reload the "
        "page to see who is present."
    ),
    "recording_not_started": _("No recording is running. Nothing was changed. Start a recording first."),
    "recording_already_running": _("A recording is already running. Stop it before you start another."),
    "class_already_running": (_("The class is already running."), _NOTHING),
    "class_already_ended": (_("The class has already ended. Nothing was changed."), _NEW_CLASS),
    "state_forbids": (
        _("The current state of the class does not allow this. Nothing was changed."),
        _RELOAD,
    ),
    "rate_limited": _("Too many requests to the cloud. Nothing was changed. Try again in a few seconds."),
    "rate_limited_for_a_second": _(
        "Too many requests to the cloud. Nothing was changed. Try again in 1 second."
    ),
    "rate_limited_for_seconds": _(
        "Too many requests to the cloud. Nothing was changed. Try again in {seconds} seconds."
    ),
    "cloud_failed": _(
        "The cloud had an internal error, so it is unclear whether the command worked. Wait for the page "
        "to show the result. If no result appears within a minute, try again."
    ),
    "cloud_not_reached": _(
        "The cloud could not be reached. Nothing was changed. Check the internet connection, then try again."
    ),
    "answer_not_understood": _(
        "The cloud's answer could not be read, so it is unclear whether the command worked. Wait for the "
        "page to show the result. If no result appears within a minute, try again."
    ),
    "refused_for_unknown_reason": _(
        "The cloud refused the command for an unknown reason. Try again. If it fails again, "
        "show an administrator the details under “Commands”."
    ),
    "start_after_end": (_("The class has already ended and can't be started again."), _NEW_CLASS),
    "start_after_close": (
        _("The class is closed or about to close, and can't be started again."),
        _NEW_CLASS,
    ),
    "end_after_end": (_("The class has already ended."), _NOTHING),
    "close_after_close": (_("The class is already closed."), _NOTHING),
    "close_while_closing": (_("The class is already closed or is closing."), _RELOAD),
    "class_id_taken": _(
        "The cloud already has a class with this id. Create the class again: it gets a new id."
    ),
    "stop_after_stop": (_("No recording is running. It has already stopped."), _NOTHING),
    "pause_impossible": _(
        "This recording can't be paused. Only a running web recording can be paused. Stop this recording "
        "instead."
    ),
    "unban_refused": _(
        "The cloud refused to unban this person. A temporary ban ends automatically; after a "
        "permanent ban, the person can only join a new class."
    ),
}
COMMANDS: Final = {
    "argument": _("{field} {problem}"),
    "connection_not_set_up": _(
        "The connection to the cloud is not set up, so nothing was changed. Ask an "
        "administrator to open Settings: {problems}"
    ),
    "start_time_without_zone": _("The start time needs a time zone."),
    "not_in_this_class": _("This person is not in this class. Reload the page."),
    "already_in_class": _("This person is already in the class. Reload the page."),
    "bans_contradict": _("Choose a ban: for a period, for this class, or permanently."),
    "ban_seconds_wrong": _("Enter the number of seconds, 1 or more."),
    "reason_too_long": _("The reason must be at most {most} characters."),
    "removal_not_allowed": _("The person who scheduled this removal no longer has access to this class."),
    "person_not_present": _("This person is not in the class."),
    "person_already_left": _("The person had already left. Nothing was changed."),
    "file_not_in_class": _("A selected file is not in this class. Reload the page."),
    "files_already_deleted": _("The files had already been deleted. Nothing was changed."),
    "deletion_not_allowed": _(
        "The person who requested this no longer has access to the class, so nothing was deleted."
    ),
    "class_not_yours": _("This class is no longer yours. Nothing was changed."),
    "class_time_passed": _("The scheduled time passed before the class could be created."),
    "scheduler_deactivated": _("The account of the person who scheduled this class is deactivated."),
    "creation_collided": _("Another class was being created at the same time."),
    "class_not_listed_yet": _("The cloud has created the class, but it is not listed here yet."),
    "scheduler_not_administrator": _("The person who scheduled this class is no longer an administrator."),
    "not_assigned": _("The class was not assigned to {teacher}: {why}"),
    "assignee_deactivated": _("This account is deactivated. Reactivate it before you assign classes."),
    "account_deactivated": _("The account is deactivated."),
    "password_wrong": _("Incorrect email or password."),
    "plain": "{text}",  # already translated
    "findings": "{problems}",
}
SYNC: Final[dict[str, str | tuple[str, ...]]] = {
    "poll_unauthorized": _(
        "The cloud rejects our sign-in. Check AGORA_APP_ID, AGORA_APP_CERTIFICATE and "
        "AGORA_AUTH, and the clock of this server."
    ),
    "poll_rate_limited": _(
        "Too many requests to the cloud. The server waits and then asks again automatically."
    ),
    "poll_unreadable": (
        _("The cloud's answer could not be read. It is kept unchanged in quarantine."),
        "({details})",
    ),
    "poll_no_such_address": _(
        "The cloud does not know this address. Check AGORA_REGION, AGORA_APP_ID and AGORA_BASE_URL."
    ),
    "poll_unreachable": _(
        "The cloud can't be reached. Check AGORA_BASE_URL, the server's network, and its firewall or proxy."
    ),
    "poll_cloud_failed": (
        _("The cloud has an internal problem. The server asks again automatically."),
        "({details})",
    ),
    "poll_refused": (_("The cloud refused the request:"), "{details}"),
    "details": "{text} ({facts})",
}
TEXTS: Final[Mapping[str, str | tuple[str, ...]]] = {
    **ARGUMENTS,
    **CONFIGURATION,
    **CONNECTION,
    **SENDING,
    **REFUSALS,
    **COMMANDS,
    **SYNC,
}
_JOINED: Final = _("{what} {next_step}")


def in_words(problem: Problem) -> str:
    """Return the problem's text in the active language. If the code has no text, return the code itself."""
    return _text(problem, gettext)


def capitalised(problem: Problem) -> str:
    """Return the problem's text in the active language with an upper-case first letter."""
    words = in_words(problem)
    return words[:1].upper() + words[1:]


def in_english(problem: Problem) -> str:
    """Return the problem's text in English, for logs and the command line."""
    return _text(problem, str)


def stored_in_words(stored: object) -> str:
    """Return the text of a stored problem in the active language, or "" if nothing is stored.

    Version 0.1.0 stored the English text, either alone or as `sentence`. Return such a text unchanged.
    """
    problem = from_text(stored) if isinstance(stored, str) else from_json(stored)
    if problem is not None:
        return in_words(problem)
    return str((stored.get("sentence") if isinstance(stored, Mapping) else stored) or "")


def reason_in(detail: Mapping[str, Any]) -> str:
    """Return the reason for a failure in the active language, from the `detail` of an audit log step."""
    return stored_in_words(detail.get("reason", detail)) or str(detail.get("message") or "")


def _text(problem: Problem, translate: Callable[[str], str]) -> str:
    texts = TEXTS.get(problem.code, ())
    try:
        params = {name: _param(value, translate) for name, value in problem.params.items()}
        parts = [translate(text).format(**params) for text in ((texts,) if isinstance(texts, str) else texts)]
    except (KeyError, IndexError):  # another release may have stored other parameters
        parts = []
    return _join(parts, translate) or str(problem)


def _param(value: Any, translate: Callable[[str], str]) -> Any:
    if isinstance(value, list):
        return _join([str(_param(each, translate)) for each in value], translate)
    return _text(value, translate) if isinstance(value, Problem) else value


def _join(parts: list[str], translate: Callable[[str], str]) -> str:
    return reduce(
        lambda what, next_step: translate(_JOINED).format(what=what, next_step=next_step), parts or [""]
    )
