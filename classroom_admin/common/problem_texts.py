"""Define the English text of each problem code, and format these texts in any language.

If a code has a tuple of texts, they are shown one after the other. The database contains codes and their
parameters. So never rename a code, and keep its text compatible with stored parameters.
"""

from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any, Final

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from classroom_admin.common.chat_texts import TEXTS as CHAT
from classroom_admin.common.lti_texts import TEXTS as LTI
from classroom_admin.common.mail_problems import TEXTS as MAIL
from classroom_admin.common.outbound_texts import TEXTS as OUTBOUND
from classroom_admin.common.problems import Problem, from_json, from_text
from classroom_admin.common.refusal_texts import REFUSALS
from classroom_admin.common.sign_on_texts import TEXTS as SIGN_ON

# Each text is a complete sentence. It is shown beside the field, or after the name of the field and a colon.
ARGUMENTS: Final = {
    "missing": _("The value is missing."),
    "not_text": _("The value must be text."),
    "lone_surrogate": _(
        "The text contains an incomplete character (a lone surrogate). Enter the text again."
    ),
    "id_empty": _("The id is empty. Enter at least one character."),
    "id_too_long": _("The id is too long. It can have at most {most} characters."),
    "id_characters": _(
        "The cloud does not allow these characters in an id: {shown}. Use letters a-z and A-Z, "
        "digits, spaces and {signs}."
    ),
    "id_dots": _("This id can't be used, because it has a special meaning in web addresses."),
    "name_empty": _("The name is empty. Enter a name."),
    "name_unseen": _("This name has no visible characters. Enter at least one letter, digit or symbol."),
    "name_too_long": _(
        "The name must be shorter than {most} bytes, but it has {has}. Non-English letters take two "
        "to four bytes each."
    ),
    "control_characters": _("The text contains control characters, such as a line break. Remove them."),
    "not_whole": _("The value must be a whole number."),
    "not_number": _("The value must be a number."),
    "too_small": _("The value must be {least} or more, but it is {value}."),
    "out_of_range": _("The value must be from {least} to {most}, but it is {value}."),
    "not_a_choice": _("The value must be one of {choices}, but it is {value}."),
    "not_boolean": _("The value must be true or false."),
    "ban_too_short": _(
        "A ban must last at least 1 second. Enter -1 for a permanent ban. The value is {seconds}."
    ),
    "address_blank": _("The address contains a space or a control character. Write a space as %20."),
    "not_address": _("Enter a full web address that starts with http:// or https://."),
    "not_object": _("The value must be an object with names and values."),
    "properties_empty": _("The object is empty. Enter at least one name and value."),
    "property_name": _("The object has a name that is empty or not text: {name}."),
    "not_json": _("The value can't be written as JSON: {error}."),
    "chat_name_wrong": _("Use 1 to 64 of these characters: letters, digits, “_”, “-” and “.”."),
    "name_in_list_empty": _("The list contains an empty name."),
    "next_id": _("The value must be a number, or the nextId of the previous batch."),
    "not_list": _("The value must be a list."),
    "list_empty": _("The list is empty. Enter at least one entry."),
    "settings_empty": _("No settings were entered. Enter at least one setting."),
    "unknown_setting": _("There is no setting {name}. The known settings are: {known}."),
    "too_many_pixels": _(
        "The picture is too large. Width × height can be at most {most} pixels, but {width} × "
        "{height} is {pixels} (default: {usual_width} × {usual_height})."
    ),
    "page_missing": _("The value is missing. A web recording needs the page's url or rootUrl."),
    "web_settings_missing": _("The settings are missing. The mode web needs at least the page's address."),
    "onhold_missing": _(
        "The value is missing. Say whether the recording is paused, because each change also sets this."
    ),
    "only_web": _("This is allowed only with the mode web."),
    "conversion_not_for_file": _("The type can't be {kind} for a {ext} file. Use {kind} only for {fitting}."),
    "only_dynamic": _("This is allowed only with the type dynamic."),
    "only_static": _("This is allowed only with the type static."),
    "unknown_role": _("There is no role {role}. Roles are the numbers 0 to 4, written as text."),
    "groups_empty": _("There are no breakout rooms. Add at least one."),
    "too_many_groups": _("There are {has} breakout rooms, but the cloud allows at most {most}."),
    "group_too_large": _(
        "There are {has} people in “{name}”, but the cloud allows at most {most} people in a breakout room."
    ),
    "in_two_groups": _("{user} is in two breakout rooms. Each person can be in only one."),
    "list_too_long": _("The list is too long. It can have at most {most} entries."),
    "listed_twice": _("The list contains the same entry twice."),
    "wrong_number": _("The list must have {least} to {most} entries."),
    "not_among_options": _("The list contains an entry that is not one of the choices."),
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
    "auth_unknown": _("AGORA_AUTH is {value}. It must be auto, rtm or education."),
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
    "accepted_both": _("The cloud accepted tokens of both kinds."),
    "accepted_education": _("The cloud accepted an education token."),
    "accepted_rtm": _("The cloud accepted an RTM token."),
    "region_right": _("The region is right: it has the class."),
    "region_wrong": _(
        "The region is wrong: the class is in {found}, not in {set}. Set AGORA_REGION={found}."
    ),
    "region_untested": _(
        "The region was not tested, because every region gives this answer. To test it, enter the id of a "
        "class that the cloud has now."
    ),
    "class_nowhere": _(
        "The region was not tested, because no region has the class. Enter the id of a class that the cloud "
        "has now."
    ),
    "certificate_wrong": _(
        "The cloud rejects every kind of token, so AGORA_APP_CERTIFICATE probably does not belong to this "
        "App ID. Copy both from the project page in the Agora console."
    ),
    "app_id_unknown": _("The cloud does not know this App ID. Check AGORA_APP_ID."),
    "token_refused": _(
        "The cloud rejects the token. Check that AGORA_APP_CERTIFICATE belongs to this App "
        "ID, and set AGORA_AUTH to auto, which tries every kind of token."
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
    "called_too_often": _("Too many requests use this App ID. Wait a moment, then test again."),
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
    "only_some_sent": _(
        "The time limit was reached after {sent} of {of} requests. Send the command again for the rest."
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
    "chat_answer_wrong": _("The answer of Agora Chat is not a JSON object."),
    "chat_file_address": _("Agora Chat returned a file address that can't be used."),
    "chat_file_damaged": _("A file with chat messages is damaged or too large."),
    "chat_url_missing": _("AGORA_CHAT_URL is not set, so Agora Chat can't be called."),
    "no_list_of_events": _("The answer contains no list of events."),
}
COMMANDS: Final = {
    "argument": _("{field}: {problem}"),
    "connection_not_set_up": _(
        "The connection to the cloud is not set up, so nothing was changed. Ask an administrator to "
        "check Settings. Problems: {problems}"
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
    "file_not_copied": _("This file could not be copied. Share it with the class by hand."),
    "file_bytes_deleted": _("This file is no longer stored. Share it with the class by hand."),
    "files_already_deleted": _("The files had already been deleted. Nothing was changed."),
    "deletion_not_allowed": _(
        "The person who requested this no longer has access to the class, so nothing was deleted."
    ),
    "class_not_yours": _("This class is no longer assigned to you. Nothing was changed."),
    "class_time_passed": _("The scheduled time passed before the class could be created."),
    "scheduler_deactivated": _("The account of the person who scheduled this class is deactivated."),
    "creation_collided": _("Another class was being created at the same time."),
    "class_not_listed_yet": _("The cloud has created the class, but it is not listed here yet."),
    "scheduler_not_administrator": _("The person who scheduled this class is no longer an administrator."),
    "not_assigned": _("The class was not assigned to {teacher}: {why}"),
    "new_class_not_created_yet": _("The new class has not been created yet."),
    "earlier_class_open": _(
        "The earlier class with the old time or settings could not be closed: {why} Close it by hand."
    ),
    "assignee_deactivated": _("This account is deactivated. Reactivate it before you assign classes."),
    "account_deactivated": _("The account is deactivated."),
    "mail_not_sent": _("The mail server did not take the mail."),
    "password_wrong": _("Incorrect email or password."),
    "not_offered": _(
        "This cloud project does not offer this feature: {what} (last tried on {day}). Nothing was "
        "sent. An administrator can test the feature again in Settings."
    ),
    "no_such_capability": _("This command does not exist. Reload the page."),
    "nobody_to_change": _("There is no one in the class to whom this command applies. Nothing was changed."),
    "no_stream": _("The cloud has not reported a camera or microphone of this person. Nothing was changed."),
    "customer_missing": _(
        "Blocking needs the customer id and secret of the Agora project. Ask an administrator to set "
        "AGORA_CUSTOMER_ID and AGORA_CUSTOMER_SECRET."
    ),
    "customer_rejected": _(
        "The cloud did not accept the customer id and secret. Nothing was changed. Ask an administrator to "
        "check AGORA_CUSTOMER_ID and AGORA_CUSTOMER_SECRET."
    ),
    "nothing_chosen": _("Choose the microphone, the camera, or both."),
    "minutes_wrong": _("Enter the number of minutes, from 1 to {most}."),
    "seconds_wrong": _("Enter a length from 1 second to {most} seconds."),
    "text_empty": _("Enter a message."),
    "text_too_long": _("The message must be at most {most} characters."),
    "groups_missing": _("Choose at least one breakout room."),
    "no_such_group": _("This breakout room is not open. Reload the page."),
    "already_in_group": _("This person is already in this breakout room."),
    "in_no_group": _("This person is not in a breakout room."),
    "hand_not_raised": _("This person's hand is not raised. Reload the page."),
    "no_hands_raised": _("No hands are raised."),
    "not_sharing": _("This person is not sharing a screen. Reload the page."),
    "reward_count_wrong": _("Give 1 to {most} rewards at once."),
    "options_wrong": _("Enter {least} to {most} different choices of at most {longest} characters."),
    "correct_wrong": _("Choose at least one correct answer among the choices."),
    "question_not_in_class": _("This quiz or poll is not in this class. Reload the page."),
    "no_countdown": _("No countdown is running. Reload the page."),
    "plain": "{text}",  # already translated
    "findings": "{problems}",
}
CAPABILITIES: Final = {
    "capability_mute_person": _("turning one person's microphone or camera on or off"),
    "capability_mute_many": _("turning several microphones or cameras on or off together"),
    "capability_block_publishing": _("blocking a microphone or camera for a limited time"),
    "capability_mute_chat": _("muting the chat of the class"),
    "capability_announce": _("sending announcements"),
    "capability_message_person": _("sending a message to one person"),
    "capability_stage": _("bringing people onto the stage and taking them off"),
    "capability_lower_hands": _("lowering hands"),
    "capability_open_hands": _("allowing raised hands or turning them off"),
    "capability_rewards": _("giving rewards"),
    "capability_stop_screen": _("stopping a shared screen"),
    "capability_carousel": _("stopping the stage rotation"),
    "capability_video_wall": _("turning off the video wall"),
    "capability_move_in_groups": _("moving people between breakout rooms"),
    "capability_rename_group": _("renaming breakout rooms"),
    "capability_close_group": _("closing a single breakout room"),
    "capability_widgets": _("turning classroom tools on and off"),
    "capability_quiz": _("starting and ending quizzes"),
    "capability_poll": _("starting and ending polls"),
    "capability_countdown": _("countdowns"),
}
SYNC: Final[dict[str, str | tuple[str, ...]]] = {
    "poll_unauthorized": _(
        "The cloud rejects the sign-in of this server. Check AGORA_APP_ID, AGORA_APP_CERTIFICATE and "
        "AGORA_AUTH, and the clock of this server."
    ),
    "poll_disk_full": _(
        "The server's disk is almost full, so the dashboard fetches no events until there is space. "
        "No event is lost meanwhile while its class exists in the cloud. Free some space."
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
EXPORTS: Final = {
    "person_gave_up": _("The job did not finish in {attempts} attempts. Start it again."),
    "export_gave_up": _("The export did not finish in {attempts} attempts. Choose a shorter period."),
    "export_not_allowed": _("Your access has changed since you asked for this export. Start a new export."),
    "export_not_stored": _("The file could not be stored. Ask an administrator to check the storage."),
}
TEXTS: Final[Mapping[str, str | tuple[str, ...]]] = {
    **ARGUMENTS,
    **CONFIGURATION,
    **CONNECTION,
    **SENDING,
    **REFUSALS,
    **COMMANDS,
    **CAPABILITIES,
    **SYNC,
    **EXPORTS,
    **SIGN_ON,
    **OUTBOUND,
    **LTI,
    **MAIL,
    **CHAT,
}
_JOINED: Final = _("{what} {next_step}")


def in_words(problem: Problem) -> str:
    """Return the problem's text in the active language. If there is no text, return the code."""
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

    Version 0.1.0 stored the English text, either alone or as `sentence`. Return this text unchanged.
    """
    problem = from_text(stored) if isinstance(stored, str) else from_json(stored)
    if problem is not None:
        return in_words(problem)
    return str((stored.get("sentence") if isinstance(stored, Mapping) else stored) or "")


def reason_in(detail: Mapping[str, Any]) -> str:
    """Return the reason for a failure in the active language. `detail` is that of an audit log step."""
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
