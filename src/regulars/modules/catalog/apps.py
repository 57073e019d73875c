from django.apps import AppConfig


class CatalogConfig(AppConfig):
    name = "regulars.modules.catalog"
    label = "catalog"
