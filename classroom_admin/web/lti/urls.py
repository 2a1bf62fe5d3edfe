"""URLs of LTI. Platforms and browsers call the first ones; the others are pages for signed-in people."""

from django.urls import path

from classroom_admin.web.lti import choosing, courses, platforms, registering, views

app_name = "lti"
urlpatterns = [
    path("login/", views.login, name="login"),
    path("launch/", views.launch, name="launch"),
    path("enter/", views.enter, name="enter"),
    path("confirm/", views.confirm, name="confirm"),
    path("choose/", choosing.choose, name="choose"),
    path("keys.json", views.public_keys, name="keys"),
    path("register/<slug:code>/", registering.page, name="register"),
    path("classes/<slug:key>/", courses.page, name="courses"),
    path("classes/<slug:key>/students/", courses.read_students, name="read_students"),
    path("classes/<slug:key>/grade/<number:pk>/", courses.choose_grade, name="choose_grade"),
    path("classes/<slug:key>/scores/", courses.send_scores, name="send_scores"),
    path("platforms/", platforms.page, name="platforms"),
    path("platforms/new/", platforms.add, name="add_platform"),
    path("platforms/registration-link/", platforms.make_registration_link, name="registration_link"),
    path("platforms/key/", platforms.replace_key, name="replace_key"),
    path("platforms/<slug:key>/", platforms.change, name="change_platform"),
    path("platforms/<slug:key>/test/", platforms.test, name="test_platform"),
    path("platforms/<slug:key>/remove/", platforms.delete, name="delete_platform"),
]
