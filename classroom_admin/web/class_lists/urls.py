"""URLs of class lists."""

from django.urls import path

from classroom_admin.web.class_lists import views

app_name = "lists"
urlpatterns = [
    path("", views.lists, name="lists"),
    path("new/", views.make, name="make"),
    path("example.csv", views.example, name="example"),
    path("<key>/", views.one_list, name="list"),
    path("<key>/upload/", views.upload, name="upload"),
    path("<key>/apply/", views.apply, name="apply"),
    path("<key>/delete/", views.delete, name="delete"),
    path("<key>/file.csv", views.download, name="download"),
]
