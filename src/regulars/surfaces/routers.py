"""Finds the routers that modules offer to an audience.

The list is what is installed; a module without a file for an audience offers it nothing, and a
file that does not import stops the start.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Literal

from django.conf import settings
from ninja import Router

from regulars.infra.http.api import Api

Audience = Literal["partner", "console", "member"]


def mount(api: Api, audience: Audience) -> None:
    """Mount the router of every installed module that has one for this audience."""
    for app in settings.INSTALLED_APPS:
        if not app.startswith("regulars.modules."):
            continue
        package = f"{app}.api"
        if find_spec(package) is None or find_spec(f"{package}.{audience}") is None:
            continue
        router = import_module(f"{package}.{audience}").router
        if not isinstance(router, Router):
            raise TypeError(f"{package}.{audience}.router is no ninja Router")
        api.add_router("", router)
