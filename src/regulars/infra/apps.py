from django.apps import AppConfig


class InfraConfig(AppConfig):
    name = "regulars.infra"
    label = "infra"
