"""What a merge moved, as its row keeps it, so that it can be undone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from regulars.kernel.instants import parse_instant, show_instant
from regulars.modules.ledger.moving import MovedLot, RepaidPart
from regulars.modules.tiers.types import Floor, Standing


@dataclass(slots=True)
class AssetMoves:
    """What moved of one asset: lots, debt, and what repaid a debt on the way."""

    lots: list[MovedLot] = field(default_factory=list)
    debt: int = 0
    repaid: list[RepaidPart] = field(default_factory=list)


@dataclass(slots=True)
class Side:
    """How one of the two was before: what an undo puts back."""

    status: str
    joined_at: str
    standing: Standing
    kept_name: bool = True
    kept_birthday: bool = True


@dataclass(slots=True)
class Moves:
    """Everything of one merge. ``circle`` are the ids that came, ``causes`` what brought their
    lots and promises, ``floor`` the floor that the merge gave."""

    circle: list[UUID]
    into: Side
    source: Side
    floor: Floor | None = None
    identities: list[tuple[str, str]] = field(default_factory=list)
    causes: list[str] = field(default_factory=list)
    holds: list[UUID] = field(default_factory=list)
    consents: list[tuple[str, str]] = field(default_factory=list)
    assets: dict[int, AssetMoves] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {
            "circle": [own.hex for own in self.circle],
            "into": _side_json(self.into),
            "source": _side_json(self.source),
            "floor": _floor_json(self.floor),
            "identities": [list(identity) for identity in self.identities],
            "causes": self.causes,
            "holds": [hold.hex for hold in self.holds],
            "consents": [list(consent) for consent in self.consents],
            "assets": {str(asset): _asset_json(one) for asset, one in self.assets.items()},
        }


def moves_of(stored: Mapping[str, Any]) -> Moves:
    """From what ``to_json`` wrote."""
    return Moves(
        circle=[UUID(hex=own) for own in stored["circle"]],
        into=_side(stored["into"]),
        source=_side(stored["source"]),
        floor=_floor(stored["floor"]),
        identities=[(kind, key) for kind, key in stored["identities"]],
        causes=list(stored["causes"]),
        holds=[UUID(hex=hold) for hold in stored["holds"]],
        consents=[(purpose, version) for purpose, version in stored["consents"]],
        assets={int(asset): _asset(one) for asset, one in stored["assets"].items()},
    )


def _asset_json(one: AssetMoves) -> dict[str, Any]:
    return {
        "lots": [[lot.source, lot.target, lot.amount] for lot in one.lots],
        "debt": one.debt,
        "repaid": [
            [
                part.amount,
                part.cause_type,
                part.cause_id,
                show_instant(part.earned_at),
                show_instant(part.expires_at) if part.expires_at else None,
            ]
            for part in one.repaid
        ],
    }


def _asset(stored: Mapping[str, Any]) -> AssetMoves:
    return AssetMoves(
        lots=[MovedLot(*lot) for lot in stored["lots"]],
        debt=stored["debt"],
        repaid=[
            RepaidPart(
                amount,
                cause_type,
                cause_id,
                parse_instant(earned_at),
                parse_instant(expires_at) if expires_at else None,
            )
            for amount, cause_type, cause_id, earned_at, expires_at in stored["repaid"]
        ],
    )


def _side_json(side: Side) -> dict[str, Any]:
    standing = side.standing
    return {
        "status": side.status,
        "joined_at": side.joined_at,
        "kept_name": side.kept_name,
        "kept_birthday": side.kept_birthday,
        "standing": {
            "tier": standing.tier,
            "since": standing.since.isoformat(),
            "evaluated_on": standing.evaluated_on.isoformat(),
            "keep_until": _day_json(standing.keep_until),
            "grace_until": _day_json(standing.grace_until),
            "warned": standing.warned,
            "review_on": _day_json(standing.review_on),
            "floor": _floor_json(standing.floor),
        },
    }


def _side(stored: Mapping[str, Any]) -> Side:
    told = stored["standing"]
    standing = Standing(
        tier=told["tier"],
        since=date.fromisoformat(told["since"]),
        evaluated_on=date.fromisoformat(told["evaluated_on"]),
        keep_until=_day(told["keep_until"]),
        grace_until=_day(told["grace_until"]),
        warned=told["warned"],
        review_on=_day(told["review_on"]),
        floor=_floor(told["floor"]),
    )
    return Side(
        stored["status"],
        stored["joined_at"],
        standing,
        stored["kept_name"],
        stored["kept_birthday"],
    )


def _floor_json(floor: Floor | None) -> list[str] | None:
    return [floor.tier, floor.until.isoformat(), floor.reason] if floor else None


def _floor(stored: list[str] | None) -> Floor | None:
    if stored is None:
        return None
    tier, until, reason = stored
    return Floor(tier, date.fromisoformat(until), reason)


def _day_json(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
