"""URLs of the class list pages."""

from django.urls import path

from classroom_admin.web.class_lists import file_views, oneroster_views, person_views, views

app_name = "lists"
urlpatterns = [
    path("", views.lists, name="lists"),
    path("new/", views.make, name="make"),
    path("example.csv", views.example, name="example"),
    path("oneroster/", oneroster_views.start, name="oneroster"),
    path("oneroster/upload/", oneroster_views.upload, name="upload_oneroster"),
    path("oneroster/<file_key>/", oneroster_views.classes, name="classes"),
    path("<key>/", views.one_list, name="list"),
    path("<key>/people/new/", person_views.add, name="add_person"),
    path("<key>/people/<number:pk>/", person_views.change, name="person"),
    path("<key>/people/<number:pk>/delete/", person_views.delete, name="delete_person"),
    path("<key>/upload/", file_views.upload, name="upload"),
    path("<key>/files/<file_key>/", file_views.columns, name="columns"),
    path("<key>/files/<file_key>/preview/", file_views.preview, name="preview"),
    path("<key>/delete/", views.delete, name="delete"),
    path("<key>/thresholds/", views.thresholds, name="thresholds"),
    path("<key>/file.csv", views.download, name="download"),
]
