"""URLs of the settings pages of outgoing webhooks. `key` identifies a webhook, `pk` a message."""

from django.urls import path

from classroom_admin.web.webhooks import views

app_name = "webhooks"
urlpatterns = [
    path("", views.webhooks, name="list"),
    path("new/", views.add, name="add"),
    path("<slug:key>/", views.webhook, name="webhook"),
    path("<slug:key>/change/", views.change, name="change"),
    path("<slug:key>/switch/", views.switch, name="switch"),
    path("<slug:key>/test/", views.test, name="test"),
    path("<slug:key>/secret/", views.secret, name="secret"),
    path("<slug:key>/rotate/", views.rotate, name="rotate"),
    path("<slug:key>/delete/", views.delete, name="delete"),
    path("<slug:key>/messages/<number:pk>/", views.message, name="message"),
    path("<slug:key>/messages/<number:pk>/again/", views.again, name="again"),
]
