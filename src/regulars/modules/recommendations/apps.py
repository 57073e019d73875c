from django.apps import AppConfig


class RecommendationsConfig(AppConfig):
    name = "regulars.modules.recommendations"
    label = "recommendations"
