"""URLs of the pages about privacy."""

from django.urls import path

from classroom_admin.web.privacy import person_views

app_name = "privacy"
urlpatterns = [
    path("people/", person_views.people, name="people"),
    path("people/<of>/<number:pk>/", person_views.person, name="person"),
    path("people/selected/", person_views.selected, name="selected"),
    path("people/export/", person_views.export, name="export"),
    path("people/erase/", person_views.erase, name="erase"),
    path("jobs/<key>/", person_views.job, name="job"),
    path("jobs/<key>/state/", person_views.job_state, name="job_state"),
    path("jobs/<key>/file/", person_views.job_file, name="job_file"),
]
