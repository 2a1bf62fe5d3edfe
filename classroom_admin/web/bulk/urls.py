"""Addresses of what is done to many classes at once."""

from django.urls import path

from classroom_admin.web.bulk import views

urlpatterns = [
    path("together/", views.together, name="together"),
    path("together/<run>/", views.run, name="run"),
]
