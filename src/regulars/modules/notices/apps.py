from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "regulars.modules.notices"
    label = "notices"
