"""URLs of the recordings, below /reports/recordings/."""

from django.urls import path

from classroom_admin.web.recordings import library, page, shares

urlpatterns = [
    path("", library.recordings, name="recordings"),
    path("<number:pk>/", page.recording, name="recording"),
    path("<number:pk>/files/<number:number>/", page.file, name="recording_file"),
    path(
        "<number:pk>/files/<number:number>/segments/<number:segment>/", page.segment, name="recording_segment"
    ),
    path("<number:pk>/share/", shares.share, name="share_recording"),
]
