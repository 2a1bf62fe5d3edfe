"""URLs of a class page and its commands. GET asks for confirmation; POST runs the command."""

from django.urls import path

from classroom_admin.web.classroom import (
    assigned_list,
    chat_views,
    class_state,
    people_views,
    quizzes_polls_views,
    recording,
    removal,
    streaming_addresses,
    verification,
    views,
)
from classroom_admin.web.classroom.breakout_rooms import views as breakout_rooms
from classroom_admin.web.classroom.properties import views as properties

urlpatterns = [
    path("live/classes/<key>/", views.changes, name="class_changes"),
    path("classes/<key>/", views.page, name="class"),
    path("classes/<key>/details/", views.details, name="details"),
    path("classes/<key>/people/", views.more_people, name="more_people"),
    path("classes/<key>/people/<number:pk>/", people_views.person, name="person"),
    path("classes/<key>/attendance/", people_views.whole_attendance, name="attendance"),
    path("classes/<key>/kept-out/", people_views.banned, name="kept_out"),
    path("classes/<key>/groups/", breakout_rooms.page, name="groups"),
    path("classes/<key>/properties/", properties.page, name="properties"),
    path("classes/<key>/properties/check/", properties.check, name="check_properties"),
    path("classes/<key>/chat/", chat_views.messages, name="chat"),
    path("classes/<key>/chat/<of>/<number:number>/there/", chat_views.present_at, name="there"),
    path("classes/<key>/questions/<of>/<number:pk>/", quizzes_polls_views.question, name="question"),
    path("classes/<key>/recordings/<number:pk>/streams/", streaming_addresses.addresses, name="streams"),
    path("classes/<key>/do/<name>/", class_state.command, name="command"),
    path("classes/<key>/people/<number:pk>/remove/", removal.remove, name="remove"),
    path("classes/<key>/people/<number:pk>/let-back/", removal.unban, name="let_back"),
    path("classes/<key>/removals/<number:pk>/call-off/", removal.cancel, name="call_off"),
    path("classes/<key>/commands/<number:pk>/check/", verification.verify, name="check"),
    path("classes/<key>/list/", assigned_list.class_list, name="class_list"),
    path("classes/<key>/recording/<name>/check/", recording.check, name="check_recording"),
    path("classes/<key>/recording/<name>/", recording.command, name="recording"),
]
