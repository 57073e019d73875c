from django.apps import AppConfig


class PricingConfig(AppConfig):
    name = "regulars.modules.pricing"
    label = "pricing"
