"""URLs of bulk actions."""

from django.urls import path

from classroom_admin.web.bulk import views

urlpatterns = [
    path("together/", views.bulk_actions, name="together"),
    path("together/<run>/", views.bulk_action, name="run"),
]
