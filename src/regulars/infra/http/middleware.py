"""Around every request: its log line and figures, problem documents, and the content policy."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import Any, Final

import structlog
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from regulars.infra import metrics

from . import problems

Next = Callable[[HttpRequest], HttpResponseBase]

#: Paths whose every answer is for programs.
API_ROOTS: Final = ("/api/", "/console/api/", "/member/api/")
#: What pages elsewhere may call.
SHARED_PATHS: Final = frozenset(
    {"/api/v1/evaluations", "/api/v1/evaluations/bulk", "/api/v1/price-tags"}
)
_QUIET: Final = frozenset({"healthz", "metrics"})
_log = structlog.get_logger("regulars.http")


class RequestLog:
    """One line per request: what was asked of whom, how it went, how long it took.

    The route is told as its template, so no id, code or search word of a person gets here.
    """

    def __init__(self, get_response: Next) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        began = time.perf_counter()
        request_id = secrets.token_hex(8)
        response = self._get_response(request)
        if response.status_code >= 400 and _for_programs(request):
            response = _as_problem(response)
        seconds = time.perf_counter() - began
        response["X-Request-Id"] = request_id
        self._tell(request, response.status_code, seconds, request_id)
        return response

    def _tell(self, request: HttpRequest, status: int, seconds: float, request_id: str) -> None:
        match = request.resolver_match
        route = str(match.route) if match else "none"
        method = request.method if request.method in _METHODS else "OTHER"
        metrics.REQUESTS.labels(method, route, str(status)).inc()
        metrics.SECONDS.labels(method, route).observe(seconds)
        if route in _QUIET and status < 400:
            return
        principal: Any = getattr(request, "auth", None)
        _log.info(
            "request",
            request_id=request_id,
            method=method,
            route=route,
            status=status,
            ms=round(seconds * 1000, 1),
            merchant=getattr(principal, "merchant_id", None),
        )


class SharedWithPages:
    """Lets web pages of other origins ask for prices with a publishable key, and nothing else.

    A preflight names no key, so it is answered for anybody; the answer itself may be read only by
    pages of the origins that the key was made for.
    """

    def __init__(self, get_response: Next) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path not in SHARED_PATHS or "Origin" not in request.headers:
            return self._get_response(request)
        origin = request.headers["Origin"]
        if request.method == "OPTIONS":
            response: HttpResponseBase = HttpResponse(status=204)
            response["Access-Control-Allow-Methods"] = "POST"
            response["Access-Control-Allow-Headers"] = "Authorization, Content-Type"
            response["Access-Control-Max-Age"] = "86400"
            allowed = True
        else:
            response = self._get_response(request)
            principal: Any = getattr(request, "auth", None)
            allowed = origin in getattr(principal, "origins", ())
        response["Vary"] = "Origin"
        if allowed:
            response["Access-Control-Allow-Origin"] = origin
        return response


class ContentSecurityPolicy:
    """Pages run only scripts of this site, or with the request's nonce (``request.csp_nonce``).

    Styles may be inline: the component libraries set widths and colours on elements.
    """

    def __init__(self, get_response: Next) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        nonce = secrets.token_urlsafe(16)
        request.csp_nonce = nonce  # type: ignore[attr-defined]
        response = self._get_response(request)
        response.setdefault(
            "Content-Security-Policy",
            "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
            f"script-src 'self' 'nonce-{nonce}'; style-src 'self' 'unsafe-inline'; "
            "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; "
            "manifest-src 'self'; object-src 'none'",
        )
        response.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        return response


_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def _for_programs(request: HttpRequest) -> bool:
    return request.path.startswith(API_ROOTS) or request.path == "/openapi.json"


def _as_problem(response: HttpResponseBase) -> HttpResponseBase:
    """Whatever the framework answered on its own, as a problem document."""
    if response.get("Content-Type", "").startswith(problems.CONTENT_TYPE):
        return response
    kept = {name: response[name] for name in ("Allow", "Retry-After") if name in response}
    problem: HttpResponse = problems.of_status(response.status_code, headers=kept)
    problem.cookies = response.cookies
    return problem
