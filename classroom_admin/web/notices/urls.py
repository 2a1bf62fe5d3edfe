"""URLs of mails by choice and of chat services."""

from django.urls import path

from classroom_admin.web.notices import chat_targets, mail_failures, mails

app_name = "notices"
urlpatterns = [
    path("account/mails/", mails.choose, name="choose_mails"),
    path("mail/unsubscribe/<token>/", mails.unsubscribe, name="unsubscribe"),
    path("settings/mails/", mail_failures.page, name="mail_failures"),
    path("settings/mails/<number:pk>/again/", mail_failures.again, name="mail_again"),
    path("settings/chat-services/", chat_targets.targets, name="targets"),
    path("settings/chat-services/new/", chat_targets.add, name="add_target"),
    path("settings/chat-services/<key>/", chat_targets.change, name="change_target"),
    path("settings/chat-services/<key>/test/", chat_targets.test, name="test_target"),
    path("settings/chat-services/<key>/switch/", chat_targets.switch, name="switch_target"),
    path("settings/chat-services/<key>/delete/", chat_targets.delete, name="delete_target"),
]
