"""URLs of the events and the replay of a class."""

from django.urls import path

from classroom_admin.web.class_history import event_views, replay_views

urlpatterns = [
    path("classes/<key>/events/", event_views.events, name="events"),
    path("classes/<key>/events/<number:pk>/", event_views.event_json, name="event"),
    path("classes/<key>/replay/", replay_views.replay, name="replay"),
]
