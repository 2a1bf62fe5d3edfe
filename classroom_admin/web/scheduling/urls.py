"""URLs of the pages that create and schedule classes."""

from django.urls import path

from classroom_admin.web.scheduling import views

urlpatterns = [
    path("classes/new/", views.create, name="create"),
    path("classes/new/check/", views.check, name="check_class"),
    path("plans/", views.plans, name="plans"),
    path("plans/<key>/", views.plan, name="plan"),
    path("plans/<key>/change/", views.change, name="change_plan"),
    path("plans/<key>/move/<number:pk>/", views.move, name="move_planned"),
    path("plans/<key>/<name>/", views.change_state, name="plan_do"),
]
