"""Commands out: what a person does to a class or to the school. One module a topic, one function a command.

    runner          run a command against the cloud: authorise, validate, record, send, record the outcome
    verification    read at the cloud whether a command was done
    scheduled       the worker of commands that are run later: claim, run, settle
    class_state     start_class end_class close_class create_class
    participants    remove_participant schedule_removal cancel_removal unban
    recordings      start_recording stop_recording pause_recording resume_recording change_recording
    files           share and delete files, uploads, their storage and addresses
    properties      set and delete properties of a room, a participant, an extApp
    breakout_rooms  open_groups close_groups
    scheduling      series of classes, created a few days ahead; `recurrence` has their dates
    bulk            one command for many classes
    class_lists, people, calendars, connection, sign_ins: without a command to the cloud

Functions that call the cloud are keyword-only, go through ``runner.run`` and return the audit entry. They
raise ``errors.ActionRefused`` (bad input, nothing was sent) and ``errors.NotYours``; a refusal by the cloud
is no exception but a *failed* step of the entry, with a problem for people under ``detail["reason"]``.
"""
