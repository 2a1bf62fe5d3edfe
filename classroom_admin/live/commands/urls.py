"""Addresses of the commands: GET asks (as a page, or inside the dialog), POST acts."""

from django.urls import path

from classroom_admin.live.commands import creating, files, people, recording, states

urlpatterns = [
    path("classes/new/", creating.create, name="create"),
    path("classes/<key>/do/<name>/", states.command, name="command"),
    path("classes/<key>/people/<int:pk>/remove/", people.remove, name="remove"),
    path("classes/<key>/people/<int:pk>/let-back/", people.let_back, name="let_back"),
    path("classes/<key>/recording/<name>/check/", recording.check, name="check_recording"),
    path("classes/<key>/recording/<name>/", recording.command, name="recording"),
    path("classes/<key>/files/add/", files.add, name="add_file"),
    path("classes/<key>/files/upload/", files.upload, name="upload_file"),
    path("classes/<key>/files/delete/", files.delete, name="delete_files"),
    path("classes/<key>/files/held/<int:hold>/undo/", files.undo, name="undo_delete"),
]
