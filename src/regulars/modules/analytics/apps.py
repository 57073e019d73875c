from django.apps import AppConfig


class AnalyticsConfig(AppConfig):
    name = "regulars.modules.analytics"
    label = "analytics"
