"""The built web apps: one page each, whatever the path below it; the app does the rest."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_safe

_MISSING = (
    "<!doctype html><meta charset=utf-8><title>Regulars</title>"
    "<p>The web pages are not built. Run <code>make setup</code> and start again."
)


@require_safe
def console_page(_: HttpRequest, rest: str = "") -> HttpResponse:
    return _page("console")


@require_safe
def member_page(_: HttpRequest, rest: str = "") -> HttpResponse:
    return _page("member")


@require_safe
def front_page(_: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect("/console/")


def nowhere(_: HttpRequest, rest: str = "") -> HttpResponse:
    """For what lies under an API but is no route of it: never a page."""
    raise Http404


def not_found(_: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """The one answer for every address nobody has."""
    return HttpResponse("Not found\n", status=404, content_type="text/plain; charset=utf-8")


def failed(_: HttpRequest) -> HttpResponse:
    """What went wrong is in the log, never on the page."""
    return HttpResponse(
        "Something went wrong here\n", status=500, content_type="text/plain; charset=utf-8"
    )


def _page(app: str) -> HttpResponse:
    index = Path(settings.PAGES) / app / "index.html"
    try:
        page = HttpResponse(index.read_bytes())
    except FileNotFoundError:
        page = HttpResponse(_MISSING, status=503)
    # The page names the current build's files, so it is asked for anew each time.
    page["Cache-Control"] = "no-cache"
    return page
