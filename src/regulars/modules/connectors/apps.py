from django.apps import AppConfig


class ConnectorsConfig(AppConfig):
    name = "regulars.modules.connectors"
    label = "connectors"
