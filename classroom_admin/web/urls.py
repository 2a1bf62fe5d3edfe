"""The URLs of the pages, with our own keys instead of cloud ids. GET shows a page; POST runs a command."""

from django.urls import path, re_path

from classroom_admin.web import app_manifest, icons
from classroom_admin.web.bulk import views as bulk
from classroom_admin.web.calendar import views as calendar
from classroom_admin.web.class_history import views as history
from classroom_admin.web.class_list import acknowledgement, no_teacher, substitutions
from classroom_admin.web.class_list import views as classes
from classroom_admin.web.classroom import (
    breakout_rooms,
    chat,
    commands,
    control_views,
    keep,
    not_taken_part,
    people_views,
    quizzes_polls,
    recording,
    views,
)
from classroom_admin.web.classroom.properties import views as properties
from classroom_admin.web.files import serving
from classroom_admin.web.files import views as files
from classroom_admin.web.joining import class_views
from classroom_admin.web.recordings import shared
from classroom_admin.web.scheduling import views as scheduling
from classroom_admin.web.students import views as students

app_name = "live"
urlpatterns = [
    # the list of classes
    path("", classes.page, name="classes"),
    path("live/classes/", classes.changes, name="classes_changes"),
    path("live/status/", classes.status, name="status"),
    path("live/tiles/", classes.more, name="more_tiles"),
    re_path(r"^live/icons\.(?P<fingerprint>[0-9a-f]{8})\.svg$", icons.sprite_file, name="icons"),
    path("app.webmanifest", app_manifest.manifest, name="manifest"),
    path("keys/", acknowledgement.keyboard_shortcuts, name="keys"),
    path("classes/<key>/snooze/", acknowledgement.acknowledge_alerts, name="snooze"),
    path("classes/<key>/enter/<name>/", no_teacher.enter, name="enter"),
    path("classes/<key>/substitute/", no_teacher.substitute, name="substitute"),
    path("substitutions/", substitutions.substitutions, name="substitutions"),
    path("together/", bulk.bulk_actions, name="together"),
    path("together/<run>/", bulk.bulk_action, name="run"),
    path("account/calendar/", calendar.page, name="calendar"),
    path("calendar/<token>.ics", calendar.calendar, name="calendar_feed"),
    path("search/", students.search, name="search"),
    path("students/<number:pk>/", students.student, name="student"),
    # scheduling
    path("classes/new/", scheduling.create, name="create"),
    path("classes/new/check/", scheduling.check, name="check_class"),
    path("plans/", scheduling.plans, name="plans"),
    path("plans/<key>/", scheduling.plan, name="plan"),
    path("plans/<key>/change/", scheduling.change, name="change_plan"),
    path("plans/<key>/<name>/", scheduling.change_state, name="plan_do"),
    # a class
    path("live/classes/<key>/", views.changes, name="class_changes"),
    path("classes/<key>/", views.page, name="class"),
    path("classes/<key>/details/", views.details, name="details"),
    path("classes/<key>/people/", views.more_people, name="more_people"),
    path("classes/<key>/people/<number:pk>/", people_views.person, name="person"),
    path("classes/<key>/attendance/", people_views.whole_attendance, name="attendance"),
    path("classes/<key>/not-taken-part/", not_taken_part.page, name="not_taken_part"),
    path("classes/<key>/kept-out/", people_views.banned, name="kept_out"),
    path("classes/<key>/groups/", breakout_rooms.page, name="groups"),
    path("classes/<key>/groups/<group>/<name>/", control_views.group_form, name="group"),
    path("classes/<key>/properties/", properties.page, name="properties"),
    path("classes/<key>/properties/check/", properties.check, name="check_properties"),
    path("classes/<key>/chat/", chat.messages, name="chat"),
    path("classes/<key>/chat/<of>/<number:number>/there/", chat.present_at, name="there"),
    path("classes/<key>/questions/<of>/<number:pk>/", quizzes_polls.question_page, name="question"),
    path("classes/<key>/questions/<of>/<number:pk>/end/", control_views.end_question, name="end_question"),
    path("classes/<key>/recordings/<number:pk>/streams/", recording.addresses, name="streams"),
    path("classes/<key>/do/<name>/", commands.command, name="command"),
    path("classes/<key>/people/<number:pk>/remove/", people_views.remove, name="remove"),
    path("classes/<key>/people/<number:pk>/let-back/", people_views.unban, name="let_back"),
    path("classes/<key>/people/<number:pk>/<name>/", control_views.person_form, name="person_form"),
    path("classes/<key>/people/do/", control_views.people_do, name="people_do"),
    path("classes/<key>/removals/<number:pk>/call-off/", people_views.cancel, name="call_off"),
    path("classes/<key>/commands/<number:pk>/check/", commands.verify, name="check"),
    path("classes/<key>/keep/", keep.page, name="keep"),
    path("classes/<key>/list/", commands.class_list, name="class_list"),
    path("classes/<key>/recording/<name>/check/", recording.check, name="check_recording"),
    path("classes/<key>/recording/<name>/", recording.command, name="recording"),
    path("classes/<key>/events/", history.events, name="events"),
    path("classes/<key>/events/<number:pk>/", history.event_json, name="event"),
    path("classes/<key>/replay/", history.replay, name="replay"),
    # the ways into a class, for teachers
    path("classes/<key>/joining/", class_views.joining, name="joining"),
    path("classes/<key>/joining/people/", class_views.join_requests, name="join_requests"),
    path("classes/<key>/joining/sheet/", class_views.sheet, name="join_sheet"),
    path("classes/<key>/joining/invitation.ics", class_views.invitation, name="join_invitation"),
    path("classes/<key>/start-and-join/", class_views.start_and_join, name="start_and_join"),
    # links to recordings, for people without an account
    path("recordings/shared/<token>/", shared.shared, name="shared_recording"),
    path(
        "recordings/shared/<token>/files/<number:number>/", shared.shared_file, name="shared_recording_file"
    ),
    path(
        "recordings/shared/<token>/files/<number:number>/segments/<number:segment>/",
        shared.shared_segment,
        name="shared_recording_segment",
    ),
    # the files of a class
    path("files/<signed>/<name>", serving.shared_file, name="shared_file"),
    path("classes/<key>/files/<number:pk>/pages/", files.pages, name="file_pages"),
    path("classes/<key>/files/add/", files.add, name="add_file"),
    path("classes/<key>/files/upload/", files.upload, name="upload_file"),
    path("classes/<key>/files/delete/", files.delete, name="delete_files"),
    path("classes/<key>/files/held/<number:hold>/undo/", files.undo, name="undo_delete"),
]
