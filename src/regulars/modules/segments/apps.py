from django.apps import AppConfig


class SegmentsConfig(AppConfig):
    name = "regulars.modules.segments"
    label = "segments"
