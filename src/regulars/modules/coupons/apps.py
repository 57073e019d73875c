from django.apps import AppConfig


class CouponsConfig(AppConfig):
    name = "regulars.modules.coupons"
    label = "coupons"
