"""Addresses of the pages about people."""

from django.urls import path

from classroom_admin.live.people import views

app_name = "people"
urlpatterns = [
    path("", views.people, name="list"),
    path("new/", views.create, name="create"),
    path("unassigned/", views.unassigned, name="unassigned"),
    path("<int:pk>/", views.person, name="person"),
    path("<int:pk>/assign/", views.assign, name="assign"),
    path("<int:pk>/unassign/", views.unassign, name="unassign"),
    path("<int:pk>/deactivate/", views.deactivate, name="deactivate"),
    path("<int:pk>/reactivate/", views.reactivate, name="reactivate"),
    path("<int:pk>/password/", views.reset_password, name="password"),
]
