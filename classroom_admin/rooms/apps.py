from django.apps import AppConfig


class RoomsConfig(AppConfig):
    name = "classroom_admin.rooms"
    label = "rooms"
