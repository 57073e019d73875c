from django.apps import AppConfig


class UnionsConfig(AppConfig):
    name = "regulars.modules.unions"
    label = "unions"
