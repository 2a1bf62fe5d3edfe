"""URLs of the reports."""

from django.urls import include, path

from classroom_admin.web.reports import attendance, exports, incident, teaching

app_name = "reports"
urlpatterns = [
    path("recordings/", include("classroom_admin.web.recordings.urls")),
    path("attendance/", attendance.page, name="attendance"),
    path("exports/", exports.page, name="exports"),
    path("exports/new/", exports.new, name="new_export"),
    path("exports/<key>/row/", exports.row, name="export_row"),
    path("exports/<key>/cancel/", exports.cancel, name="cancel_export"),
    path("exports/<key>/file/", exports.file, name="export_file"),
    path("classes/<key>/incident/", incident.page, name="incident"),
    path("teaching/", teaching.page, name="teaching"),
]
