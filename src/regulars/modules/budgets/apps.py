from django.apps import AppConfig


class BudgetsConfig(AppConfig):
    name = "regulars.modules.budgets"
    label = "budgets"
