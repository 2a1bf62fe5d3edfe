"""URLs of the calendar."""

from django.urls import path

from classroom_admin.web.calendar import views

urlpatterns = [
    path("account/calendar/", views.page, name="calendar"),
    path("calendar/<token>.ics", views.calendar, name="calendar_feed"),
]
