"""Addresses of the commands: GET asks (as a page, or inside the dialog), POST acts."""

from django.urls import path

from classroom_admin.live.commands import checking, files, lists, people, recording, states

urlpatterns = [
    path("classes/<key>/do/<name>/", states.command, name="command"),
    path("classes/<key>/people/<number:pk>/remove/", people.remove, name="remove"),
    path("classes/<key>/people/<number:pk>/let-back/", people.let_back, name="let_back"),
    path("classes/<key>/removals/<number:pk>/call-off/", people.call_off, name="call_off"),
    path("classes/<key>/commands/<number:pk>/check/", checking.check, name="check"),
    path("classes/<key>/list/", lists.class_list, name="class_list"),
    path("classes/<key>/recording/<name>/check/", recording.check, name="check_recording"),
    path("classes/<key>/recording/<name>/", recording.command, name="recording"),
    path("classes/<key>/files/add/", files.add, name="add_file"),
    path("classes/<key>/files/upload/", files.upload, name="upload_file"),
    path("classes/<key>/files/delete/", files.delete, name="delete_files"),
    path("classes/<key>/files/held/<number:hold>/undo/", files.undo, name="undo_delete"),
]
