"""The texts of problems with calls to the cloud: their arguments, the connection, and the requests.

`problem_texts` includes them. Its rules for codes apply here.
"""

from typing import Final

from django.utils.translation import gettext_noop as _

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
