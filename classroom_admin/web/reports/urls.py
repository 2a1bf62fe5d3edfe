"""URLs of the reports."""

from django.urls import path

from classroom_admin.web.reports import attendance, participation, questions, teaching

app_name = "reports"
urlpatterns = [
    path("attendance/", attendance.page, name="attendance"),
    path("participation/", participation.page, name="participation"),
    path("classes/<key>/participation/", participation.of_class, name="class_participation"),
    path("questions/", questions.page, name="questions"),
    path("questions/students/", questions.by_student, name="question_students"),
    path("questions/weeks/", questions.by_week, name="question_weeks"),
    path("teaching/", teaching.page, name="teaching"),
]
