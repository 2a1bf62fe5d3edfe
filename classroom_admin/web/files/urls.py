"""URLs of the files of a class."""

from django.urls import path

from classroom_admin.web.files import pages, serving, views

urlpatterns = [
    path("files/<signed>/<name>", serving.shared_file, name="shared_file"),
    path("classes/<key>/files/<number:pk>/pages/", pages.pages, name="file_pages"),
    path("classes/<key>/files/add/", views.add, name="add_file"),
    path("classes/<key>/files/upload/", views.upload, name="upload_file"),
    path("classes/<key>/files/delete/", views.delete, name="delete_files"),
    path("classes/<key>/files/held/<number:hold>/undo/", views.undo, name="undo_delete"),
]
