"""URLs of the first-run page."""

from django.urls import path

from classroom_admin.web.first_run import views

app_name = "first_run"
urlpatterns = [
    path("", views.begin, name="begin"),
    path("connection/", views.connection, name="connection"),
    path("teacher/", views.teacher, name="teacher"),
]
