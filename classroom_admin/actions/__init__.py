"""Commands that people send to a class or to the school. Each topic has a module, each command a function.

    runner          run a command against the cloud: validate, record, send, record the outcome
    verification    ask the cloud whether a command worked
    scheduled       the worker that runs commands later: claim, run, settle
    class_state     start_class end_class close_class create_class
    participants    remove_participant schedule_removal cancel_removal unban
    recordings      start_recording stop_recording pause_recording resume_recording change_recording
    files           share and delete files, uploads, their storage and addresses
    properties      set and delete properties of a room, a participant, an extApp
    breakout_rooms  open_groups close_groups
    scheduling      series of classes, created a few days ahead; `recurrence` computes their dates
    bulk            one command for many classes
    class_list_files  keep an uploaded file until it is applied to its list, import OneRoster classes
    class_lists, people, calendars, connection, sign_ins: actions that send no command to the cloud

Functions that act on a class take a ``rooms.access.ClassAccess`` first. The object proves the permission, so
the functions do not check it. Functions that send a command call ``runner.run`` and return the audit entry.
They raise ``errors.ActionRefused`` for bad input (nothing was sent). If the cloud refuses, they raise
nothing. The entry gets a *failed* step with the problem to show in ``detail["reason"]``.
"""
