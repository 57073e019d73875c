"""/member/api: members about themselves, with the token of their card link."""

from __future__ import annotations

from typing import Final

from regulars.infra.http.api import Api

from .doors import MemberToken
from .routers import mount

api: Final = Api(
    name="member",
    title="Regulars member API",
    description="What the member pages are made of; internal, it changes with them.",
    auth=MemberToken(),
    public_schema=False,
)
mount(api, "member")
