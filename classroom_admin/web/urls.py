"""Addresses of the pages, with our own keys: ids of the cloud never appear in an address."""

from django.urls import include, path, re_path

from classroom_admin.web import icons
from classroom_admin.web.class_history import event_views as events
from classroom_admin.web.class_history import replay_views as replay
from classroom_admin.web.class_list import views as classes
from classroom_admin.web.classroom import chat_views as talk
from classroom_admin.web.classroom import people_views as participants
from classroom_admin.web.classroom import quizzes_polls_views as questions
from classroom_admin.web.classroom import streaming_addresses
from classroom_admin.web.classroom import views as class_page
from classroom_admin.web.classroom.breakout_rooms import views as groups
from classroom_admin.web.classroom.properties import views as properties
from classroom_admin.web.files import pages, serving

app_name = "live"
urlpatterns = [
    path("", classes.page, name="classes"),
    path("live/classes/", classes.changes, name="classes_changes"),
    path("live/classes/<key>/", class_page.changes, name="class_changes"),
    re_path(r"^live/icons\.(?P<fingerprint>[0-9a-f]{8})\.svg$", icons.sprite_file, name="icons"),
    path("", include("classroom_admin.web.scheduling.urls")),
    path("", include("classroom_admin.web.calendar.urls")),
    path("", include("classroom_admin.web.classroom.command_urls")),
    path("", include("classroom_admin.web.class_list.urls")),
    path("", include("classroom_admin.web.bulk.urls")),
    path("files/<signed>/<name>", serving.shared_file, name="shared_file"),
    path("classes/<key>/files/<number:pk>/pages/", pages.pages, name="file_pages"),
    path("classes/<key>/recordings/<number:pk>/streams/", streaming_addresses.addresses, name="streams"),
    path("classes/<key>/", class_page.page, name="class"),
    path("classes/<key>/people/", class_page.more_people, name="more_people"),
    path("classes/<key>/people/<number:pk>/", participants.person, name="person"),
    path("classes/<key>/attendance/", participants.whole_attendance, name="attendance"),
    path("classes/<key>/kept-out/", participants.kept_out, name="kept_out"),
    path("classes/<key>/groups/", groups.page, name="groups"),
    path("classes/<key>/properties/", properties.page, name="properties"),
    path("classes/<key>/properties/check/", properties.check, name="check_properties"),
    path("classes/<key>/chat/", talk.messages, name="chat"),
    path("classes/<key>/chat/<of>/<number:number>/there/", talk.there, name="there"),
    path("classes/<key>/questions/<of>/<number:pk>/", questions.question, name="question"),
    path("classes/<key>/events/", events.events, name="events"),
    path("classes/<key>/events/<number:pk>/", events.event_json, name="event"),
    path("classes/<key>/replay/", replay.replay, name="replay"),
    path("classes/<key>/details/", class_page.details, name="details"),
]
