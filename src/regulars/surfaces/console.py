"""/console/api: staff in the console, with a session."""

from __future__ import annotations

from typing import Final

from regulars.infra.http.api import Api

from . import session
from .doors import StaffSession
from .routers import mount

api: Final = Api(
    name="console",
    title="Regulars console API",
    description="What the console's pages are made of; internal, it changes with them.",
    auth=StaffSession(),
    public_schema=False,
)
mount(api, "console")
api.add_router("", session.router)
