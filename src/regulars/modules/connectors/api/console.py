"""Console: order, refund and member files in, watched, told row by row, undone."""

from __future__ import annotations

import hashlib
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import FileResponse, HttpResponse
from ninja import File, Form, Query, Router
from ninja.files import UploadedFile
from pydantic import Field

from regulars.infra.clock import now_for, real_now
from regulars.infra.http.answers import answer_once, id_after, page
from regulars.infra.http.fields import (
    Instant,
    MemberId,
    PageQuery,
    QueryInt,
    ShortText,
    ShownId,
    Strict,
)
from regulars.infra.http.permissions import requires
from regulars.infra.http.principal import ApiRequest
from regulars.infra.writes import Outcome
from regulars.kernel.errors import FieldError, Invalid, NotFound
from regulars.kernel.ids import show
from regulars.kernel.instants import show_instant
from regulars.modules.connectors import queries, services
from regulars.modules.connectors.types import BroughtView, RunView
from regulars.modules.orders.settlement import Scope

router = Router(tags=["imports"])

MOST_BYTES: Final = 512 * 1024 * 1024
Kind = Literal["orders", "refunds", "members"]
BroughtAs = Literal["created", "promoted", "completed", "repeated", "conflict", "left", "undone"]
RunId = Annotated[UUID, ShownId("run")]


class RunOut(Strict):
    id: str
    kind: Kind
    file_name: str
    profile: str
    status: str
    pieces_done: int
    pieces: int | None
    orders: Annotated[int, Field(description="New orders, refunds, or people of a member file")]
    lines: Annotated[int, Field(description="Lines of them; rows of a member file")]
    repeated: int
    rejected: int
    report: dict[str, Any]
    preview: dict[str, Any] | None
    error: str
    rate_rows_s: int | None
    eta_s: int | None
    created_at: Instant
    created_by: str
    started_at: Instant | None
    finished_at: Instant | None


class RunPage(Strict):
    data: list[RunOut]
    has_more: bool
    next_cursor: str | None


class RowErrorOut(Strict):
    row: int
    column: str
    code: str
    message: str


class BroughtRowOut(Strict):
    row: int
    outcome: BroughtAs
    member_id: MemberId | None
    recognised_by: Annotated[list[str], Field(description="Types of identity that were known")]
    merge_into: Annotated[
        MemberId | None, Field(description="A conflict: who should carry on, if somebody says so")
    ]
    merge: Annotated[list[MemberId], Field(description="A conflict: whom to merge into them")]


class BroughtOut(Strict):
    outcomes: dict[str, int]
    recognised_by: dict[str, int]
    data: list[BroughtRowOut]
    has_more: bool
    next_cursor: str | None


class BroughtQuery(Strict):
    outcome: Annotated[BroughtAs, Field(description="Whose rows to list")] = "conflict"
    limit: Annotated[QueryInt, Field(ge=1, le=100)] = 20
    starting_after: Annotated[QueryInt, Field(ge=0, le=2**31, description="A row number")] = 0


class UndoIn(Strict):
    confirm: Annotated[ShortText, Field(description="The name of the file, typed", max_length=255)]


class ErrorsQuery(Strict):
    limit: Annotated[QueryInt, Field(ge=1, le=1_000)] = 100


@router.post("/imports", response={201: RunOut}, operation_id="upload_import")
@requires("imports.write")
def upload_import(
    request: ApiRequest,
    file: Annotated[UploadedFile, File()],
    kind: Annotated[Kind, Form()] = "orders",
    profile: Annotated[str, Form(max_length=40)] = "auto",
) -> HttpResponse:
    """Take a file and judge all of it: the dry run. Nothing is imported yet."""
    if (file.size or 0) > MOST_BYTES:
        raise Invalid(
            "The file is too large.",
            errors=[FieldError("/file", "too_large", "Split it into files below 512 MB.")],
        )
    with tempfile.TemporaryDirectory(prefix="regulars-upload-") as folder:
        path = Path(folder) / "upload"
        digest = hashlib.sha256()
        with path.open("wb") as copy:
            for chunk in file.chunks():
                digest.update(chunk)
                copy.write(chunk)
        request.parsed = {"sha256": digest.hexdigest(), "kind": kind, "profile": profile}
        # Judging may take long, so it happens before anything is locked.
        scope = _scope(request, now_for(request.auth.merchant))
        run = services.prepare_run(
            scope, kind=kind, source=path, file_name=file.name or "file", profile=profile
        )

    def act(now: datetime) -> Outcome:
        return Outcome(status=201, body=_shown(run), subject=show("run", run.id))

    answer = answer_once(request, "imports.upload", act)
    if answer.headers.get("Idempotent-Replayed"):
        services.forget_run(scope, run.id)
    return answer


@router.get("/imports", response=RunPage, operation_id="list_imports")
@requires("imports.read")
def list_imports(request: ApiRequest, query: Annotated[PageQuery, Query()]) -> dict[str, Any]:
    """Runs, newest first."""
    after = id_after("run", query.starting_after)
    rows = queries.runs(request.auth.merchant_id, limit=query.limit + 1, after=after)
    return page(rows, query.limit, _shown, lambda run: show("run", run.id))


@router.get("/imports/{run_id}", response=RunOut, operation_id="read_import")
@requires("imports.read")
def read_import(request: ApiRequest, run_id: RunId) -> dict[str, Any]:
    """A run and how far it is."""
    return _shown(queries.run(request.auth.merchant_id, run_id))


@router.post("/imports/{run_id}/start", response={202: RunOut}, operation_id="start_import")
@requires("imports.write")
def start_import(request: ApiRequest, run_id: RunId) -> HttpResponse:
    """Let it run; it goes on where it stood when it was cut off."""

    def act(now: datetime) -> Outcome:
        run = services.queue_run(_scope(request, now), run_id)
        return Outcome(status=202, body=_shown(run), subject=show("run", run.id))

    return answer_once(request, "imports.start", act, run_id.hex)


@router.post("/imports/{run_id}/undo", response={202: RunOut}, operation_id="undo_import")
@requires("imports.undo")
def undo_import(request: ApiRequest, run_id: RunId, body: UndoIn) -> HttpResponse:
    """Give back everything the run brought; the file's name is typed to confirm."""

    def act(now: datetime) -> Outcome:
        run = queries.run(request.auth.merchant_id, run_id)
        if body.confirm != run.file_name:
            raise Invalid(
                "The name does not match.",
                errors=[FieldError("/confirm", "not_confirmed", f"Type {run.file_name}")],
            )
        undone = services.queue_undo(_scope(request, now), run_id)
        return Outcome(status=202, body=_shown(undone), subject=show("run", run.id))

    return answer_once(request, "imports.undo", act, run_id.hex)


@router.get("/imports/{run_id}/errors", response=list[RowErrorOut], operation_id="import_errors")
@requires("imports.read")
def import_errors(
    request: ApiRequest, run_id: RunId, query: Annotated[ErrorsQuery, Query()]
) -> list[dict[str, Any]]:
    """The first rows that were not taken, and why."""
    return services.row_errors(request.auth.merchant_id, run_id, limit=query.limit)


@router.get("/imports/{run_id}/people", response=BroughtOut, operation_id="import_people")
@requires("imports.read")
def import_people(
    request: ApiRequest, run_id: RunId, query: Annotated[BroughtQuery, Query()]
) -> dict[str, Any]:
    """Whom the rows of a member file meant: counts, and the rows that came to one outcome.

    Rows whose identities belong to two members changed nothing; each tells who should carry on
    for whom, should somebody decide to merge them.
    """
    merchant_id = request.auth.merchant_id
    counts = queries.brought(merchant_id, run_id)
    rows = queries.brought_rows(
        merchant_id,
        run_id,
        outcome=query.outcome,
        limit=query.limit + 1,
        after=query.starting_after,
    )
    listed = page(rows, query.limit, _brought, lambda one: str(one.row))
    return {"outcomes": counts.outcomes, "recognised_by": counts.recognised_by, **listed}


@router.get("/imports/{run_id}/rejected.csv", operation_id="import_rejected")
@requires("imports.read")
def import_rejected(request: ApiRequest, run_id: RunId) -> FileResponse:
    """The rejected rows as they were, with the reason; a file to mend and send again."""
    run = queries.run(request.auth.merchant_id, run_id)
    path = queries.rejected_path(request.auth.merchant_id, run_id)
    if not path.exists():
        raise NotFound
    name = f"rejected-{Path(run.file_name).stem}.csv"
    return FileResponse(path.open("rb"), as_attachment=True, filename=name)


def _scope(request: ApiRequest, now: datetime) -> Scope:
    merchant = request.auth.merchant
    return Scope(
        merchant_id=merchant.id,
        zone=ZoneInfo(merchant.zone),
        currency=merchant.currency,
        actor=request.auth.actor,
        now=now,
    )


def _brought(one: BroughtView) -> dict[str, Any]:
    return {
        "row": one.row,
        "outcome": one.outcome,
        "member_id": show("mem", one.member_id) if one.member_id else None,
        "recognised_by": list(one.recognised_by),
        "merge_into": show("mem", one.into) if one.into else None,
        "merge": [show("mem", other) for other in one.merge],
    }


def _shown(run: RunView) -> dict[str, Any]:
    report = dict(run.report)
    preview = report.pop("preview", None)
    for told_elsewhere in ("errors", "refused"):
        report.pop(told_elsewhere, None)
    rate, eta = _pace(run)
    return {
        "id": show("run", run.id),
        "kind": run.kind,
        "file_name": run.file_name,
        "profile": run.profile,
        "status": run.status,
        "pieces_done": run.pieces_done,
        "pieces": run.pieces,
        "orders": run.orders,
        "lines": run.lines,
        "repeated": run.repeated,
        "rejected": run.rejected,
        "report": report,
        "preview": preview,
        "error": run.error,
        "rate_rows_s": rate,
        "eta_s": eta,
        "created_at": show_instant(run.created_at),
        "created_by": run.created_by,
        "started_at": show_instant(run.started_at) if run.started_at else None,
        "finished_at": show_instant(run.finished_at) if run.finished_at else None,
    }


def _pace(run: RunView) -> tuple[int | None, int | None]:
    """Rows a second since the run began, and how many seconds the rest takes at that pace."""
    if run.started_at is None or run.pieces_done == 0:
        return None, None
    until = run.finished_at or run.heartbeat_at or real_now()
    spent = max((until - run.started_at).total_seconds(), 0.001)
    rate = int(run.lines / spent)
    if run.status != "running" or run.pieces is None:
        return rate, None
    return rate, int(spent / run.pieces_done * (run.pieces - run.pieces_done))
