"""Offers as a draft has them: read as a stored one would be, and never stored."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from regulars.infra.http.items import faults_of
from regulars.kernel.errors import FieldError, Invalid

from .document import OfferDocument, compiled, dated
from .types import Offer


def drafted(documents: Sequence[OfferDocument], zone: ZoneInfo) -> list[Offer]:
    """What the drafts promise; days in them are of ``zone``. Raises Invalid, at ``offers``."""
    found: list[Offer] = []
    for place, document in enumerate(documents):
        try:
            found.append(compiled(dated(document, zone)))
        except ValidationError as error:
            faults = [
                FieldError(f"/offers/{place}{one.pointer}", one.code, one.detail)
                for one in faults_of(error)
            ]
            raise Invalid("The offer does not hold together.", errors=faults) from None
    return found
