"""Commands out: what a person does to a class. One function a command, keyword-only, each giving the audit
entry.

    classes        start_class end_class close_class create_class
    participants   remove_participant let_back
    recordings     start_recording stop_recording pause_recording resume_recording change_recording
    resources      put_resource_by_url delete_resources
    properties     set/delete_room_properties, …_participant_properties, …_ext_app_properties
    groups         open_groups close_groups

All of them go through ``flow.run``: authorised, put on record, sent, and how it ended put on record too. They
raise ``errors.ActionRefused`` (bad input, nothing was sent) and ``errors.NotYours``; a refusal by the cloud
is no exception but a *failed* step of the entry, with a sentence for people under ``detail["sentence"]``.
"""
