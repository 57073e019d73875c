"""Who asks, for which merchant, and what they may do: decided once per audience."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class MerchantFacts:
    """What a request needs to know of its merchant."""

    id: int
    code: str
    name: str
    currency: str
    zone: str
    locale: str
    clock_at: datetime | None
    suspended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Whoever a request speaks for. ``member_id`` is set where it is a member, about themselves;
    ``origins`` where it is a web page's publishable key."""

    merchant_id: int
    merchant: MerchantFacts
    actor: str
    permissions: frozenset[str]
    member_id: UUID | None = None
    origins: tuple[str, ...] = ()


class ApiRequest(HttpRequest):
    """A request that passed its audience's door.

    ``parsed`` is the JSON body as it came; ``idempotency_key`` is set on writes.
    """

    auth: Principal
    parsed: Any
    idempotency_key: str
