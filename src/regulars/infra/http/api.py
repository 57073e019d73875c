"""The API of one audience: strict in, problem documents out, permissions before everything.

Modules declare routers and ``@requires``; a surface mounts them here and sets the door (auth)
once. What every operation has in common happens in ``Api``, never in an endpoint.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import psycopg
import structlog
from django.core.exceptions import RequestDataTooBig
from django.db import connection
from django.db.utils import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.http.request import RawPostDataException
from django.urls import URLPattern, URLResolver
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError, ValidationErrorContext
from ninja.operation import Operation, PathView
from ninja.parser import Parser
from ninja.router import BoundRouter

from regulars.infra.writes import checked_key
from regulars.kernel.errors import FieldError, NotFound, Refusal

from . import problems, strict_json
from .items import fault_of
from .openapi import describe
from .permissions import SAFE_METHODS, Forbidden, Needs, needs_of

_MAX_FAULTS: Final = 100
_BODIES: Final = frozenset({"body", "form", "file"})
_log = structlog.get_logger("regulars.http")


class Unauthenticated(Refusal):
    """Nobody we know, or no longer: one answer for every reason."""

    code = "unauthenticated"
    status = 401
    title = "Not signed in"


class WrongMediaType(Refusal):
    """The body is of a kind this operation does not read."""

    code = "unsupported_media_type"
    status = 415
    title = "Send the body as JSON"


class TooLarge(Refusal):
    """The body is larger than any request may be."""

    code = "too_large"
    status = 413
    title = "Too large"


class _StrictParser(Parser):
    def parse_body(self, request: HttpRequest) -> Any:
        return request.parsed  # type: ignore[attr-defined]


class Api(NinjaAPI):
    """A ninja API whose every operation passes the same gate."""

    def __init__(
        self, *, name: str, title: str, description: str, auth: Any, public_schema: bool
    ) -> None:
        super().__init__(
            title=title,
            version="1",
            description=description,
            urls_namespace=name,
            auth=auth,
            parser=_StrictParser(),
            docs_url=None,
            openapi_url="/openapi.json" if public_schema else None,
        )
        self._add_handlers()

    def operations(self) -> Iterator[tuple[str, str, Operation, Needs]]:
        """Every route: method, path below the API's root, operation, and what it needs."""
        for router in self._get_bound_routers():
            for path, view in router.path_operations.items():
                for operation in view.operations:
                    for method in operation.methods:
                        full = _full_path(router, path)
                        yield method, full, operation, needs_of(operation.view_func)

    def get_openapi_schema(self, **options: Any) -> Any:
        schema = super().get_openapi_schema(**options)
        describe(schema, self.operations())
        return schema

    def validation_error_from_error_contexts(
        self, error_contexts: list[ValidationErrorContext[Any]]
    ) -> ValidationError:
        faults: list[FieldError] = []
        for context in error_contexts:
            source = context.model.__ninja_param_source__
            for fault in context.pydantic_validation_error.errors(include_url=False):
                faults.append(_fault(source, fault))
        return ValidationError(faults)  # type: ignore[arg-type]

    def _get_bound_routers(self) -> list[BoundRouter]:
        fresh = self._bound_routers_cache is None
        routers = super()._get_bound_routers()
        if fresh:
            _merge(routers)
            for router in routers:
                for view in router.path_operations.values():
                    for operation in view.operations:
                        _guard(operation)
        return routers

    def _get_urls(self) -> list[URLResolver | URLPattern]:
        # /orders/bulk before /orders/<id>, whichever module came first.
        return sorted(super()._get_urls(), key=_literal_first)

    def _add_handlers(self) -> None:
        self.add_exception_handler(Refusal, _refused)
        self.add_exception_handler(Http404, lambda *_: problems.of_refusal(NotFound()))
        self.add_exception_handler(HttpError, _bare)
        self.add_exception_handler(ValidationError, _invalid)
        for kind in (
            OperationalError,
            InterfaceError,
            psycopg.OperationalError,
            psycopg.InterfaceError,
            sqlite3.OperationalError,
        ):
            self.add_exception_handler(kind, _no_database)


def _full_path(router: BoundRouter, path: str) -> str:
    full = "/" + "/".join(part.strip("/") for part in (router.prefix, path) if part.strip("/"))
    return full + ("/" if path.endswith("/") and full != "/" else "")


def _literal_first(pattern: URLResolver | URLPattern) -> tuple[tuple[bool, ...], str]:
    route = str(pattern.pattern)
    return tuple(part.startswith("<") for part in route.split("/")), route


def _merge(routers: Sequence[BoundRouter]) -> None:
    """Let routers of several modules share a path: one view answers for all its methods.

    Raises LookupError where two answer the same method, or name the path's ids differently.
    """
    views: dict[str, tuple[str, PathView]] = {}
    for router in routers:
        for path in list(router.path_operations):
            full = _full_path(router, path)
            shape = "/".join("{}" if part.startswith("{") else part for part in full.split("/"))
            if shape not in views:
                views[shape] = (full, router.path_operations[path])
                continue
            known, view = views[shape]
            if known != full:
                raise LookupError(f"{known} and {full} are one path: name its ids alike")
            more = router.path_operations.pop(path)
            taken = {method for operation in view.operations for method in operation.methods}
            for operation in more.operations:
                if taken & set(operation.methods):
                    raise LookupError(f"{operation.methods} {full} is declared twice")
                view.operations.append(operation)


def _guard(operation: Operation) -> None:
    """Put the gate before the operation's own parsing."""
    needs = needs_of(operation.view_func)
    if needs.permission and not operation.auth_callbacks:
        raise LookupError(f"{operation.path} needs {needs.permission!r} but has no door")
    gate = _Gate(operation, needs, operation._run_checks)
    operation._run_checks = gate  # type: ignore[method-assign]


class _Gate:
    """Door, permission, query, key and body, in this order; then the operation's own schema."""

    def __init__(
        self,
        operation: Operation,
        needs: Needs,
        door: Callable[[HttpRequest], HttpResponse | None],
    ) -> None:
        self._operation = operation
        self._needs = needs
        self._door = door
        sources = {model.__ninja_param_source__: model for model in operation.models}
        query = sources.get("query")
        self._query = frozenset(query.__ninja_flatten_map__) if query else frozenset()
        self._body_kinds = _BODIES & sources.keys()

    def __call__(self, request: Any) -> HttpResponse | None:
        refused = self._door(request)
        if refused is not None:
            return refused
        try:
            self._check(request)
        except Refusal as refusal:
            return problems.of_refusal(refusal)
        except ValidationError as error:
            return _invalid(request, error)
        return None

    def _check(self, request: Any) -> None:
        needed = self._needs.permission
        if needed and needed not in request.auth.permissions:
            raise Forbidden
        _check_address(request, self._query)
        if self._needs.key_needed(request.method):
            request.idempotency_key = checked_key(request.headers.get("Idempotency-Key"))
        if request.method not in SAFE_METHODS and self._body_kinds <= {"body"}:
            request.parsed = _body(request)
            if not self._body_kinds and request.parsed not in (None, {}):
                raise ValidationError([FieldError("", "unknown_field", "No body is read here.")])  # type: ignore[list-item]


def _check_address(request: HttpRequest, known: frozenset[str]) -> None:
    if "\0" in request.path:  # nothing is named so: one of the databases cannot even be asked
        raise NotFound
    faults = []
    for name, values in request.GET.lists():
        if name not in known:
            faults.append(FieldError(f"?{name}", "unknown_field"))
        elif len(values) > 1:
            faults.append(FieldError(f"?{name}", "repeated_key"))
        elif "\0" in values[0]:
            faults.append(FieldError(f"?{name}", "nul_in_text"))
    if faults:
        raise ValidationError(faults)  # type: ignore[arg-type]


def _body(request: HttpRequest) -> Any:
    try:
        raw = request.body
    except RequestDataTooBig:
        raise TooLarge("A request may hold 8 MiB; send more in pieces.") from None
    except (RawPostDataException, UnreadablePostError):
        raise WrongMediaType from None
    return strict_json.read(raw) if raw else None


def _fault(source: str, fault: Any) -> FieldError:
    location = fault["loc"]
    if source == "path":
        raise NotFound
    if source == "body":
        return fault_of(fault, location[1:])
    mark = "?" if source == "query" else ""
    name = f"{mark}{location[-1]}" if location else mark
    return FieldError(name, problems.code_of(fault["type"]), fault["msg"])


def _refused(_: HttpRequest, error: Any) -> HttpResponse:
    return problems.of_refusal(error)


def _bare(_: HttpRequest, error: Any) -> HttpResponse:
    return problems.of_status(error.status_code)


def _invalid(_: HttpRequest, error: Any) -> HttpResponse:
    return problems.of_faults(error.errors[:_MAX_FAULTS])


def _no_database(_: HttpRequest, error: Any) -> HttpResponse:
    # Closed when the request ends; the next one connects anew.
    connection.errors_occurred = True
    _log.error("database_failed", error=type(error).__name__, exc_info=error)
    return problems.of_status(503, headers={"Retry-After": "1"})
