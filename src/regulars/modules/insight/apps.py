from django.apps import AppConfig


class InsightConfig(AppConfig):
    name = "regulars.modules.insight"
    label = "insight"
