"""The texts of problems with commands to a class, and of what a cloud project may not offer.

`problem_texts` includes them. Its rules for codes apply here.
"""

from typing import Final

from django.utils.translation import gettext_noop as _

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
