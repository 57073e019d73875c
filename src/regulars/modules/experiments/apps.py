from django.apps import AppConfig


class ExperimentsConfig(AppConfig):
    name = "regulars.modules.experiments"
    label = "experiments"
