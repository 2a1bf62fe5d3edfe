"""URLs of the reports."""

from django.urls import path

from classroom_admin.web.reports import attendance, teaching

app_name = "reports"
urlpatterns = [
    path("attendance/", attendance.page, name="attendance"),
    path("teaching/", teaching.page, name="teaching"),
]
