"""Kept lists as they go out: with the names of their members, or whole as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any, Literal
from uuid import UUID

from django.http import StreamingHttpResponse

from regulars.infra.http.fields import PageQuery
from regulars.infra.http.principal import ApiRequest
from regulars.kernel.ids import parse
from regulars.modules.analytics.reports.csv_text import cell_text
from regulars.modules.insight.queries import Listed
from regulars.modules.members.queries import names
from regulars.modules.members.rules import member_number

Format = Literal["json", "csv"]


class ListQuery(PageQuery):
    """A page as JSON, or the whole list as CSV."""

    format: Format = "json"


def answered(
    request: ApiRequest, query: ListQuery, listed: Listed, *, name: str, columns: tuple[str, ...]
) -> dict[str, Any] | StreamingHttpResponse:
    """A page of a list of members; as CSV all of it, without their names."""
    if query.format == "csv":
        rows = ({**row, "number": _number(row["member_id"])} for row in listed.whole())
        return sheet(f"{name}-{listed.about['as_of']}", ("member_id", "number", *columns), rows)
    page = listed.page(query.limit, query.starting_after)
    return {
        **page.about,
        "data": _named(request, page.rows),
        "has_more": page.next_cursor is not None,
        "next_cursor": page.next_cursor,
    }


def _named(request: ApiRequest, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows with who their members are; a member who left since has no name."""
    ids = {row["member_id"]: _id(row["member_id"]) for row in rows}
    known = names(request.auth.merchant_id, set(ids.values()))
    return [
        {
            **row,
            "name": known.get(ids[row["member_id"]]),
            "number": member_number(ids[row["member_id"]]),
        }
        for row in rows
    ]


def sheet(
    name: str, columns: tuple[str, ...], rows: Iterable[dict[str, Any]]
) -> StreamingHttpResponse:
    """Rows as a CSV file, written while they are read; what is not known is an empty field."""
    answer = StreamingHttpResponse(_lines(columns, rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    answer["Cache-Control"] = "no-store"
    return answer


def _lines(columns: tuple[str, ...], rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([cell_text(row[column]) for column in columns])
        if text.tell() > 1 << 16:
            yield text.getvalue()
            text.seek(0)
            text.truncate()
    yield text.getvalue()


def _id(shown: str) -> UUID:
    found = parse("mem", shown)
    assert found is not None, "kept rows hold ids as they are shown"
    return found


def _number(shown: str) -> str:
    return member_number(_id(shown))
