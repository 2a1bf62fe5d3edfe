"""Define the English texts of problems with LTI. `problem_texts` includes them.

LAUNCH contains why a launch failed, in words for the person. SERVICE contains what is wrong with a platform,
in words for administrators and teachers.
"""

from typing import Final

from django.utils.translation import gettext_noop as _

LAUNCH: Final[dict[str, str | tuple[str, ...]]] = {
    "lti_unknown_platform": _(
        "This learning platform is not registered here. Ask an administrator to register it."
    ),
    "lti_platform_off": _(
        "Classes can't be opened from this learning platform at the moment. Ask an administrator to switch "
        "it on."
    ),
    "lti_state": _("This launch has expired or was already used. Open the activity in your course again."),
    "lti_token": _(
        "The learning platform's message could not be verified ({reason}). Open the activity in your course "
        "again. If this happens again, tell an administrator."
    ),
    "lti_clock": _(
        "The learning platform's message has expired or is not valid yet. The clocks of the two servers "
        "probably differ. Ask an administrator to check both clocks."
    ),
    "lti_deployment": _(
        "The learning platform uses the deployment id “{deployment}”, which is not registered here. Ask an "
        "administrator to add it."
    ),
    "lti_claim": _(
        "The learning platform's message lacks {name}, or its value is not valid. Ask an administrator to "
        "check the settings of the activity."
    ),
    "lti_platform_error": _(
        "The learning platform refused to open the class ({error}). Sign in there again, then open the "
        "activity in your course."
    ),
    "lti_role": _(
        "Only teachers and students of a course can open its classes. The learning platform sent another "
        "role."
    ),
    "lti_no_account": _(
        "You have no account here yet. Ask an administrator for an account, or to allow new accounts for "
        "this learning platform."
    ),
    "lti_no_email": _(
        "A new account needs an email address, and the learning platform sent none. Ask an administrator to "
        "let the platform send it."
    ),
    "lti_email_taken": _(
        "There is already an account with the address {email}. Ask an administrator to allow that accounts "
        "are found by email address for this learning platform."
    ),
    "lti_connected_otherwise": _(
        "The account of {email} belongs to another person of this learning platform. Ask an administrator."
    ),
    "lti_administrator": _(
        "The account of {email} belongs to an administrator. A learning platform can't open it. Sign in here "
        "directly."
    ),
    "lti_not_chosen": _("Your teacher has not chosen a class for this activity yet. Try again later."),
    "lti_not_created": _("The class has not been created yet. Try again later."),
    "lti_class_gone": _("The class of this activity no longer exists. Ask your teacher."),
    "lti_not_yours": _(
        "You are a teacher of this course, but this class is not assigned to you. Ask an administrator to "
        "assign it to you."
    ),
}
SERVICE: Final[dict[str, str | tuple[str, ...]]] = {
    "lti_no_key": _("The platform publishes no key with which it could sign. Check the address of its keys."),
    "lti_token_refused": _(
        "The platform gave no access token ({error}). Check the client id and the token address, and that "
        "the platform knows our key address."
    ),
    "lti_service_status": _("{address} answered with the HTTP status {status}."),
    "lti_service_answer": _("{address} did not answer as the standard says: {what}."),
    "lti_other_host": _("The next page of the members is on another host: {address}. It was not read."),
    "lti_too_slow": _("{address} answers too slowly."),
    "lti_too_many": _("The course has more than {most} students."),
    "lti_no_scores": _("The platform does not let this activity write scores."),
    "lti_no_owner": _(
        "The teacher who set up this activity no longer has an account that may change class lists."
    ),
    "lti_people": _("The names of the course can't be used as a class list: {what}"),
}
TEXTS: Final[dict[str, str | tuple[str, ...]]] = {**LAUNCH, **SERVICE}
