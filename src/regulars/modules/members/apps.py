from django.apps import AppConfig


class MembersConfig(AppConfig):
    name = "regulars.modules.members"
    label = "members"
