from django.apps import AppConfig


class SteeringConfig(AppConfig):
    name = "regulars.modules.steering"
    label = "steering"
