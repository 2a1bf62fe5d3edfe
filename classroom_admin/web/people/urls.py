"""URLs of the pages about people."""

from django.urls import path

from classroom_admin.web.people import sign_in, views

app_name = "people"
urlpatterns = [
    path("", views.people, name="list"),
    path("new/", views.create, name="create"),
    path("unassigned/", views.unassigned, name="unassigned"),
    path("<number:pk>/", views.person, name="person"),
    path("<number:pk>/assign/", views.assign, name="assign"),
    path("<number:pk>/unassign/", views.unassign, name="unassign"),
    path("<number:pk>/deactivate/", views.deactivate, name="deactivate"),
    path("<number:pk>/reactivate/", views.reactivate, name="reactivate"),
    path("<number:pk>/password/", views.reset_password, name="password"),
    path("<number:pk>/second-factors/", sign_in.reset_second_factors, name="second_factors"),
    path("<number:pk>/sessions/", sign_in.end_sessions, name="sessions"),
]
