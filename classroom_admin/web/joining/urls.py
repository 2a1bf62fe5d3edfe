"""The addresses of the pages for students, who need no account. The links into a class are secrets."""

from django.urls import path

from classroom_admin.web.joining import waiting_views, welcome_views

app_name = "joining"
urlpatterns = [
    path("waiting/<ticket>/", waiting_views.waiting, name="waiting"),
    path("waiting/<ticket>/enter/", waiting_views.enter, name="enter"),
    path("personal/<signed_link>/", welcome_views.personal, name="personal"),
    path("personal/<signed_link>/invitation.ics", welcome_views.personal_invitation, name="personal_ics"),
    path("<code>/", welcome_views.page, name="page"),
    path("<code>/invitation.ics", welcome_views.invitation, name="invitation"),
]
