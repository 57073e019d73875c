from django.apps import AppConfig


class EarningConfig(AppConfig):
    name = "regulars.modules.earning"
    label = "earning"
