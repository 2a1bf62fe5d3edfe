"""URLs of the reports."""

from django.urls import path

from classroom_admin.web.reports import (
    attendance,
    class_report,
    corrections,
    list_report,
    overview,
    student,
    teaching,
)

app_name = "reports"
urlpatterns = [
    path("", overview.page, name="overview"),
    path("attendance/", attendance.page, name="attendance"),
    path("students/<number:pk>/", student.page, name="student"),
    path("lists/<key>/", list_report.page, name="list"),
    path("classes/<key>/", class_report.page, name="class"),
    path("classes/<key>/people/<number:pk>/", corrections.correct, name="correct"),
    path("teaching/", teaching.page, name="teaching"),
]
