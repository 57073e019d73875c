from django.apps import AppConfig


class SurveysConfig(AppConfig):
    name = "regulars.modules.surveys"
    label = "surveys"
