from django.apps import AppConfig


class ProgrammesConfig(AppConfig):
    name = "regulars.modules.programmes"
    label = "programmes"
