"""URLs of the reports."""

from django.urls import include, path

from classroom_admin.web.reports import (
    attendance,
    class_report,
    corrections,
    exports,
    incident,
    list_report,
    overview,
    participation,
    quizzes_polls,
    student,
    teaching,
)

app_name = "reports"
urlpatterns = [
    path("", overview.page, name="overview"),
    path("recordings/", include("classroom_admin.web.recordings.urls")),
    path("attendance/", attendance.page, name="attendance"),
    path("students/<number:pk>/", student.page, name="student"),
    path("lists/<key>/", list_report.page, name="list"),
    path("classes/<key>/", class_report.page, name="class"),
    path("classes/<key>/people/<number:pk>/", corrections.correct, name="correct"),
    path("participation/", participation.page, name="participation"),
    path("classes/<key>/participation/", participation.of_class, name="class_participation"),
    path("questions/", quizzes_polls.page, name="questions"),
    path("questions/students/", quizzes_polls.by_student, name="question_students"),
    path("questions/weeks/", quizzes_polls.by_week, name="question_weeks"),
    path("exports/", exports.page, name="exports"),
    path("exports/new/", exports.new, name="new_export"),
    path("exports/<key>/row/", exports.row, name="export_row"),
    path("exports/<key>/cancel/", exports.cancel, name="cancel_export"),
    path("exports/<key>/file/", exports.file, name="export_file"),
    path("classes/<key>/incident/", incident.page, name="incident"),
    path("teaching/", teaching.page, name="teaching"),
]
