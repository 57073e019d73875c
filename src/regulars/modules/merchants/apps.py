from django.apps import AppConfig


class MerchantsConfig(AppConfig):
    name = "regulars.modules.merchants"
    label = "merchants"
