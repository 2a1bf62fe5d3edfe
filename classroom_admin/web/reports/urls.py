"""URLs of the reports."""

from django.urls import include, path

from classroom_admin.web.reports import attendance, teaching

app_name = "reports"
urlpatterns = [
    path("recordings/", include("classroom_admin.web.recordings.urls")),
    path("attendance/", attendance.page, name="attendance"),
    path("teaching/", teaching.page, name="teaching"),
]
