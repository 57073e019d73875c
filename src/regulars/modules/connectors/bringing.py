"""Member files: each piece of people is matched, brought in and noted row by row, in one unit."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from regulars.infra.db import Sql, fetch_all, retrying
from regulars.infra.recording import Table, Writes
from regulars.kernel.ids import show
from regulars.modules.members.bringing import Bringing, Brought, Given, given_json
from regulars.modules.members.matching import Match, added, counted
from regulars.modules.members.rules import phone_region
from regulars.modules.merchants.queries import merchant_of_id
from regulars.modules.orders.pieces import PieceResult
from regulars.modules.orders.settlement import Scope

from .marching import mark
from .reading.members import MemberFile
from .reading.types import MemberPiece, MemberRow

BROUGHT: Final = Table(
    "connectors_broughtrow",
    "merchant_id",
    "run_id",
    "row",
    "outcome",
    "member_id",
    "recognised_by",
    "others",
    "given",
)
_CONFLICTS_TOLD: Final = 100
_NOTED: Final = Sql(
    "SELECT row FROM connectors_broughtrow WHERE merchant_id = :merchant_id "
    "AND run_id = :run_id AND row BETWEEN :first AND :last"
)


def region_of(merchant_id: int) -> str:
    """The country in which a phone number without one is read."""
    merchant = merchant_of_id(merchant_id)
    return phone_region(merchant.zone, merchant.locale)


def foretold(scope: Scope, file: MemberFile) -> dict[str, Any]:
    """What the rows would come to as things stand, with the first conflicts; writes nothing."""
    bringing = Bringing(scope.merchant_id, scope.now, remembers=True)
    sums: Mapping[str, Mapping[str, int]] = {}
    conflicts: list[dict[str, Any]] = []
    for piece in file.pieces():
        matches = bringing.matched([_brought(row) for row in piece.rows])
        sums = added(sums, counted(matches))
        for row, one in zip(piece.rows, matches, strict=True):
            if one.outcome == "conflict" and len(conflicts) < _CONFLICTS_TOLD:
                conflicts.append(_conflict(row.row, one))
    # Of a file without one row that can be read there are no sums.
    return {"outcomes": {}, "recognised_by": {}, **sums, "conflicts": conflicts}


def brought_pieces(
    scope: Scope, run_id: UUID, file: MemberFile, start: int
) -> Iterator[tuple[MemberPiece, PieceResult]]:
    """The pieces from ``start`` on, each once it is in the books."""
    for piece in file.pieces(start):
        yield piece, retrying(lambda piece=piece: _bring(scope, run_id, piece))  # type: ignore[misc]


def _bring(scope: Scope, run_id: UUID, piece: MemberPiece) -> PieceResult:
    writes = Writes()
    told = _fresh(scope.merchant_id, run_id, piece)
    rows = [_brought(row) for row in told]
    given = Bringing(scope.merchant_id, scope.now).bring(writes, rows)
    result = _result(given)
    for row, gift in zip(told, given, strict=True):
        writes.add(BROUGHT, _noted(scope.merchant_id, run_id, row.row, gift))
    mark(writes, scope.merchant_id, run_id, piece.number, result)
    with transaction.atomic():
        writes.record()
    return result


def _fresh(merchant_id: int, run_id: UUID, piece: MemberPiece) -> list[MemberRow]:
    """The rows that this run has not brought yet, should its pieces have been cut otherwise."""
    params = {
        "merchant_id": merchant_id,
        "run_id": run_id,
        "first": piece.rows[0].row,
        "last": piece.rows[-1].row,
    }
    noted = {row for (row,) in fetch_all(_NOTED, params)}
    return [row for row in piece.rows if row.row not in noted]


def _result(given: Sequence[Given]) -> PieceResult:
    """``orders`` counts new people and ``lines`` all rows, as for files of orders."""
    outcomes = [gift.match.outcome for gift in given]
    result = PieceResult(orders=outcomes.count("created"), lines=len(outcomes))
    result.repeated = outcomes.count("repeated")
    return result


def _noted(merchant_id: int, run_id: UUID, row: int, gift: Given) -> tuple[Any, ...]:
    found = gift.match
    return (
        merchant_id,
        run_id,
        row,
        found.outcome,
        found.person.id if found.person else None,
        ",".join(found.by),
        json.dumps([other.hex for other in found.others]),
        json.dumps(given_json(gift)),
    )


def _conflict(row: int, found: Match) -> dict[str, Any]:
    return {
        "row": row,
        "recognised_by": list(found.by),
        "members": [show("mem", other) for other in found.others],
    }


def _brought(row: MemberRow) -> Brought:
    words = [(purpose, True) for purpose in row.granted]
    words += [(purpose, False) for purpose in row.refused]
    at = row.consent_at
    return Brought(
        identities=row.identities,
        name=row.name,
        birthday=row.birthday,
        joined_at=row.joined_at,
        joined=row.joined,
        channel=row.channel,
        store=row.store,
        locale=row.locale,
        consents=tuple(
            (purpose, yes, row.consent_version, row.consent_channel, row.consent_campaign, at)
            for purpose, yes in words
            if at is not None
        ),
    )
