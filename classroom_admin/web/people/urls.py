"""URLs of the pages about people."""

from django.urls import path

from classroom_admin.web.people import import_views, sign_in, views
from classroom_admin.web.people.activation import activation

app_name = "people"
urlpatterns = [
    path("", views.people, name="list"),
    path("new/", views.create, name="create"),
    path("import/", import_views.upload, name="import"),
    path("import/example.csv", import_views.example, name="import_example"),
    path("import/<file_key>/", import_views.columns, name="import_columns"),
    path("import/<file_key>/preview/", import_views.preview, name="import_preview"),
    path("people.csv", import_views.download, name="download"),
    path("activation/", activation, name="activation"),
    path("roles/", views.roles, name="roles"),
    path("unassigned/", views.unassigned, name="unassigned"),
    path("<number:pk>/", views.person, name="person"),
    path("<number:pk>/set/", views.choose_set, name="set"),
    path("<number:pk>/assign/", views.assign, name="assign"),
    path("<number:pk>/unassign/", views.unassign, name="unassign"),
    path("<number:pk>/deactivate/", views.deactivate, name="deactivate"),
    path("<number:pk>/reactivate/", views.reactivate, name="reactivate"),
    path("<number:pk>/password/", views.reset_password, name="password"),
    path("<number:pk>/second-factors/", sign_in.reset_second_factors, name="second_factors"),
    path("<number:pk>/sessions/", sign_in.end_sessions, name="sessions"),
]
