"""Addresses of the commands: GET asks (as a page, or inside the dialog), POST acts."""

from django.urls import path

from classroom_admin.web.classroom import assigned_list, class_state, recording, removal, verification
from classroom_admin.web.files import views

urlpatterns = [
    path("classes/<key>/do/<name>/", class_state.command, name="command"),
    path("classes/<key>/people/<number:pk>/remove/", removal.remove, name="remove"),
    path("classes/<key>/people/<number:pk>/let-back/", removal.let_back, name="let_back"),
    path("classes/<key>/removals/<number:pk>/call-off/", removal.call_off, name="call_off"),
    path("classes/<key>/commands/<number:pk>/check/", verification.check, name="check"),
    path("classes/<key>/list/", assigned_list.class_list, name="class_list"),
    path("classes/<key>/recording/<name>/check/", recording.check, name="check_recording"),
    path("classes/<key>/recording/<name>/", recording.command, name="recording"),
    path("classes/<key>/files/add/", views.add, name="add_file"),
    path("classes/<key>/files/upload/", views.upload, name="upload_file"),
    path("classes/<key>/files/delete/", views.delete, name="delete_files"),
    path("classes/<key>/files/held/<number:hold>/undo/", views.undo, name="undo_delete"),
]
