from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "regulars.modules.orders"
    label = "orders"
