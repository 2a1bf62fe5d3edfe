"""The text of each problem by its code, in English for the catalogue, and in the reader's language."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from classroom_admin.core.problems import Problem
from classroom_admin.core.sentence import Sentence

# Texts of arguments go on from the name of the field.
ARGUMENTS: Final = {
    "missing": _("is missing."),
    "not_text": _("must be a text."),
    "lone_surrogate": _("holds half of a character (a lone surrogate); type it again."),
    "id_empty": _("is empty; an id has at least one character."),
    "id_too_long": _("must be shorter than {bytes} bytes."),
    "id_characters": _(
        "holds characters that the cloud does not allow in ids: {shown}. Letters a-z A-Z, digits, space and "
        "{signs} are allowed."
    ),
    "id_dots": _("cannot be {it}: web addresses give it another meaning."),
    "name_empty": _("is empty; give it a name."),
    "name_too_long": _(
        "must be shorter than {most} bytes; it has {has} (letters beyond English take two to four bytes "
        "each)."
    ),
    "control_characters": _("holds control characters such as a line break; remove them."),
    "not_whole": _("must be a whole number."),
    "not_number": _("must be a number."),
    "too_small": _("must be {least} or more; it is {value}."),
    "out_of_range": _("must be from {least} to {most}; it is {value}."),
    "not_a_choice": _("must be one of {choices}; it is {value}."),
    "not_boolean": _("must be true or false."),
    "ban_too_short": _("must be 1 second or more, or -1 for good; it is {seconds}."),
    "address_blank": _("holds a blank or a control character; write a blank as %20."),
    "not_address": _("must be a full web address that begins with http:// or https://."),
    "not_object": _("must be an object of names and values."),
    "properties_empty": _("is empty; give at least one name and value."),
    "property_name": _("has a name that is no text or is empty: {name}."),
    "not_json": _("cannot be written as JSON: {error}."),
    "name_in_list_empty": _("has an empty name in it."),
    "next_id": _("must be a number, or the nextId of the batch before."),
    "not_list": _("must be a list."),
    "list_empty": _("is empty; name at least one."),
    "settings_empty": _("is empty; give at least one setting."),
    "unknown_setting": _("has no setting {name}; it knows {known}."),
    "too_many_pixels": _(
        "times the other side must be at most {most} pixels; {width} × {height} is {pixels} (not given: "
        "{usual_width} wide, {usual_height} high)."
    ),
    "page_missing": _("is missing: a web recording needs the page's url or rootUrl."),
    "web_settings_missing": _("is missing: mode web needs at least the page's address."),
    "only_web": _("goes only with mode web."),
    "conversion_not_for_file": _("cannot be {kind} for a {ext} file; {kind} is for {fitting}."),
    "only_dynamic": _("goes only with type dynamic."),
    "only_static": _("goes only with type static."),
    "unknown_role": _("has no role {role}: roles are the numbers 0 to 4 as text."),
    "groups_empty": _("is empty; make at least one."),
    "in_two_groups": _("puts {user} into two groups."),
}
CONFIGURATION: Final = {
    "base_url_missing": _("AGORA_BASE_URL is not set: give the cloud's address, https://api.agora.io."),
    "host_wrong": _("{name} is not a web address: it must begin with http:// or https:// and name a host."),
    "region_missing": _("AGORA_REGION is not set: give one of cn, ap, eu, na."),
    "region_unknown": _("AGORA_REGION is {value}: it must be one of cn, ap, eu, na."),
    "project_value_missing": _("{name} is not set: copy it from the project's page in the Agora console."),
    "project_value_wrong": _("{name} is not right: it must be 32 characters of 0-9 and a-f."),
    "auth_unknown": _("AGORA_AUTH is {value}: it must be rtm or education."),
    "uid_missing": _(
        "AGORA_UID is not set: give the name under which this server signs in, for example admin."
    ),
    "uid_wrong": _(
        "AGORA_UID is not right: it must be 1 to 63 letters a-z A-Z, digits, spaces and {signs}, and not "
        "only dots."
    ),
    "update_method_unknown": _("AGORA_RECORD_UPDATE_METHOD is {value}: it must be PATCH or PUT."),
    "timeouts_wrong": _("The connect and read time-outs must be greater than 0 seconds."),
    "request_limit_wrong": _("AGORA_REQUESTS_PER_SECOND must be 0 (no bound) or more."),
}
CONNECTION: Final = {
    "connection_works": _("The connection works."),
    "works_clock_behind": _(
        "The connection works, but this machine's clock is {size} behind the cloud's: set it by NTP."
    ),
    "works_clock_ahead": _(
        "The connection works, but this machine's clock is {size} ahead of the cloud's: set it by NTP."
    ),
    "app_id_unknown": _("The cloud does not know this App ID: check AGORA_APP_ID."),
    "token_refused": _(
        "The cloud refuses the token: check that AGORA_APP_CERTIFICATE belongs to this App ID, and AGORA_UID "
        "and AGORA_AUTH."
    ),
    "token_refused_clock_behind": _(
        "The cloud refuses the token, and this machine's clock is {size} behind the cloud's: set it by NTP."
    ),
    "token_refused_clock_ahead": _(
        "The cloud refuses the token, and this machine's clock is {size} ahead of the cloud's: set it by NTP."
    ),
    "no_such_address": _(
        "The cloud has no such address: check AGORA_REGION and AGORA_APP_ID, that Flexible Classroom is "
        "enabled for the App ID, and AGORA_BASE_URL."
    ),
    "called_too_often": _("The cloud is called too often with this App ID: wait a little and test again."),
    "check_the_network": _("Check AGORA_BASE_URL, this machine's network, and its firewall or proxy."),
    "not_the_cloud": _(
        "Something answers at AGORA_BASE_URL, but it does not speak like the cloud: check the address, and "
        "whether a proxy or a sign-in page stands in between."
    ),
    "cloud_in_trouble": _("The cloud answers that it has trouble itself: test again in some minutes."),
    "test_refused": _("The cloud refused the test."),
    "cloud_said": _("The cloud said: {error}."),
}
SENDING: Final = {
    "no_address": _("No address is set."),
    "too_many_requests_here": _("Too many requests from here: this one would come too late."),
    "no_time_left": _("There was no time left to ask the cloud."),
    "redirected": _(
        "The address sends elsewhere instead of answering: is the cloud's address right, or does a proxy or "
        "a network's sign-in page stand in between?"
    ),
    "answer_too_long": _("The answer is longer than 64 MiB."),
    "answer_too_slow": _("The answer came too slowly and was given up."),
    "answer_stopped": _("The cloud stopped in the middle of its answer."),
    "answer_broke_off": _("The answer broke off ({kind})."),
    "proxy_failed": _("The proxy could not be reached or let nothing through."),
    "tls_failed": _(
        "The connection could not be secured (TLS): is the certificate valid, is something in between?"
    ),
    "connect_timed_out": _("The cloud did not take the connection in time."),
    "no_answer_in_time": _("The cloud gave no answer in time."),
    "unreachable": _("The cloud could not be reached: connection refused or no such host."),
    "connection_broke": _("The connection broke before an answer came."),
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
