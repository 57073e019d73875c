"""In which language names are told: as asked for, else as the browser prefers, else the shop's."""

from __future__ import annotations

from django.conf import settings

from .principal import ApiRequest


def language_of(request: ApiRequest, asked: str | None = None) -> str:
    """One of the languages there are."""
    if asked is not None and asked in dict(settings.LANGUAGES):
        return asked
    if "Accept-Language" in request.headers:
        return request.LANGUAGE_CODE
    return request.auth.merchant.locale
