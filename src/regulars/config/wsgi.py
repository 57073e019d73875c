"""The WSGI application that granian serves."""

from __future__ import annotations

import os
from importlib import import_module

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from regulars.infra import lifeline, logs

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "regulars.config.settings")
application = get_wsgi_application()
logs.configure()
# Every route is loaded before the first request comes, which would otherwise wait for it.
import_module(settings.ROOT_URLCONF)
lifeline.hold()
