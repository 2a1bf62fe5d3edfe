"""URLs of school sign-on. `key` is the name of a provider."""

from django.urls import path

from classroom_admin.web.sign_on import views

app_name = "sign_on"
urlpatterns = [
    path("school/<slug:key>/", views.begin, name="begin"),
    path("school/<slug:key>/callback/", views.callback, name="callback"),
]
