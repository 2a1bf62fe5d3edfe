"""The text of each problem by its code, in English for the catalogue, and in the reader's language."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from classroom_admin.common.problems import Problem
from classroom_admin.common.sentence import Sentence

# Texts of arguments go on from the name of the field.
ARGUMENTS: Final = {
    "missing": _("is missing."),
    "not_text": _("must be text."),
    "lone_surrogate": _("contains half of a character (a lone surrogate); enter it again."),
    "id_empty": _("is empty; an id needs at least one character."),
    "id_too_long": _("must be shorter than {bytes} bytes."),
    "id_characters": _(
        "contains characters that the cloud does not allow in an id: {shown}. Use letters "
        "a-z and A-Z, digits, spaces and {signs}."
    ),
    "id_dots": _("can't be {it}: it has another meaning in web addresses."),
    "name_empty": _("is empty; enter a name."),
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
        "times the other side must be at most {most} pixels; {width} × {height} is {pixels} "
        "(default: {usual_width} wide, {usual_height} high)."
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
        "AGORA_UID is not right: it must be 1 to 63 letters a-z A-Z, digits, spaces and {signs}, and not "
        "only dots."
    ),
    "update_method_unknown": _("AGORA_RECORD_UPDATE_METHOD is {value}. It must be PATCH or PUT."),
    "timeouts_wrong": _("The connect and read timeouts must be greater than 0 seconds."),
    "request_limit_wrong": _("AGORA_REQUESTS_PER_SECOND must be 0 (no limit) or more."),
}
CONNECTION: Final = {
    "connection_works": _("The connection works."),
    "works_clock_behind": _(
        "The connection works, but this machine's clock is {size} behind the cloud's: set it by NTP."
    ),
    "works_clock_ahead": _(
        "The connection works, but this machine's clock is {size} ahead of the cloud's: set it by NTP."
    ),
    "app_id_unknown": _("The cloud does not know this App ID. Check AGORA_APP_ID."),
    "token_refused": _(
        "The cloud rejects the token. Check that AGORA_APP_CERTIFICATE belongs to this App "
        "ID, and check AGORA_UID and AGORA_AUTH."
    ),
    "token_refused_clock_behind": _(
        "The cloud refuses the token, and this machine's clock is {size} behind the cloud's: set it by NTP."
    ),
    "token_refused_clock_ahead": _(
        "The cloud refuses the token, and this machine's clock is {size} ahead of the cloud's: set it by NTP."
    ),
    "no_such_address": _(
        "The cloud has no such address. Check AGORA_REGION, AGORA_APP_ID and AGORA_BASE_URL, "
        "and that Flexible Classroom is enabled for the App ID."
    ),
    "called_too_often": _("Too many requests with this App ID. Wait a moment, then test again."),
    "check_the_network": _("Check AGORA_BASE_URL, the server's network, and its firewall or proxy."),
    "not_the_cloud": _(
        "AGORA_BASE_URL answers, but not like the cloud. Check the address, and whether a "
        "proxy or a sign-in page is in between."
    ),
    "cloud_in_trouble": _("The cloud reports an internal problem. Test again in a few minutes."),
    "test_refused": _("The cloud refused the test."),
    "cloud_said": _("The cloud reported: {error}."),
}
SENDING: Final = {
    "no_address": _("No address is set."),
    "too_many_requests_here": _(
        "Too many requests from this server. This request was not sent because it would be too late."
    ),
    "no_time_left": _("There was no time left to ask the cloud."),
    "redirected": _(
        "The address redirects instead of answering. Check the cloud's address, and whether "
        "a proxy or a network sign-in page is in between."
    ),
    "answer_too_long": _("The answer is larger than 64 MiB."),
    "answer_too_slow": _("The answer arrived too slowly, so the request was stopped."),
    "answer_stopped": _("The cloud stopped in the middle of its answer."),
    "answer_broke_off": _("The answer broke off ({kind})."),
    "proxy_failed": _("The proxy could not be reached or blocked the request."),
    "tls_failed": _(
        "The connection could not be secured (TLS). Check the certificate, and whether "
        "something is in between."
    ),
    "connect_timed_out": _("The cloud did not accept the connection in time."),
    "no_answer_in_time": _("The cloud did not answer in time."),
    "unreachable": _("The cloud could not be reached: connection refused or unknown host."),
    "connection_broke": _("The connection was lost before an answer arrived."),
    "no_token": _(
        "No token can be made: App ID and App Certificate must each be 32 characters of 0-9 and a-f."
    ),
    "answer_not_json": _("The answer is no JSON: {error}."),
    "no_envelope": _("The answer has no envelope: code is missing."),
    "no_list_of_events": _("The answer holds no list of events."),
}
TEXTS: Final = {**ARGUMENTS, **CONFIGURATION, **CONNECTION, **SENDING}


def in_words(problem: Problem) -> str:
    """Return the problem's text in the active language. A code without a text stands for itself."""
    text = TEXTS.get(problem.code)
    return str(problem) if text is None else gettext(text).format(**problem.params)


def capitalised(problem: Problem) -> str:
    """Return the text of an argument's problem as a sentence of its own, in the active language."""
    words = in_words(problem)
    return words[:1].upper() + words[1:]


def in_english(problem: Problem) -> str:
    """Return the problem's text in English, for the log and for records that keep a text."""
    return str(as_sentence(problem))


def as_sentence(problem: Problem) -> Sentence:
    """Return the text as a `Sentence`, for records that keep how a text was made."""
    return Sentence(TEXTS[problem.code], **problem.params)
