from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "regulars.modules.ledger"
    label = "ledger"
