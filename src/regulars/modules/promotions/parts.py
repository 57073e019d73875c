"""What the parts of an offer document share: strict shapes, bounds, and faults with a pointer."""

from __future__ import annotations

from typing import Annotated, Any, Final, Never

from pydantic import AfterValidator, ConfigDict, Field, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from regulars.infra.http.fields import ExternalId, MinorAmount, ShortText, Strict
from regulars.kernel.canonical import MAX_SAFE_INTEGER

MOST_STEPS: Final = 100
MOST_SKUS: Final = 5_000
MOST_FUNDERS: Final = 20
MOST_MULTIPLIER_BPS: Final = 1_000_000

#: The schema's own word for what a number counts, so that a form drawn from it asks for percents
#: and money, and not for integers: bps, rate_bps or minor.
UNIT: Final = "x-unit"
Bps = Annotated[int, Field(ge=0, le=10_000, json_schema_extra={UNIT: "bps"})]
"""A share, 10000 = the whole."""

Units = Annotated[int, Field(ge=1, le=1_000_000)]
Count = Annotated[int, Field(ge=0, le=MAX_SAFE_INTEGER)]
Minor = Annotated[MinorAmount, Field(json_schema_extra={UNIT: "minor"})]


class Part(Strict):
    """A part of a document: known by the names written in it alone."""

    model_config = ConfigDict(populate_by_name=False)


FunderCode = Annotated[ShortText, Field(min_length=1, max_length=100)]
"""Who pays, in the merchant's own word, compared by code point."""


def fault(where: tuple[str | int, ...], code: str, detail: str, value: Any = None) -> Never:
    """Refuse what several fields say together, at the field that ``where`` leads to."""
    error = PydanticCustomError(code, "{why}", {"why": detail})
    raise ValidationError.from_exception_data(
        "Offer", [InitErrorDetails(type=error, loc=where, input=value)]
    )


def _no_slash(text: str) -> str:
    if "/" in text:
        raise PydanticCustomError("malformed", "A code holds no slash: it stands in addresses.")
    return text


Code = Annotated[ExternalId, Field(max_length=100), AfterValidator(_no_slash)]
"""What an offer or a group is called by programs: 1 to 100 characters, compared by code point."""
