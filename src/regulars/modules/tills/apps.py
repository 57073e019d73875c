from django.apps import AppConfig


class TillsConfig(AppConfig):
    name = "regulars.modules.tills"
    label = "tills"
