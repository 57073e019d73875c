"""Every address of the site."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, URLResolver, path

from regulars.infra.http.health import healthz, metrics_page
from regulars.surfaces import admin, console, member, pages, partner, parts, session

parts.join()


def openapi(_: HttpRequest) -> HttpResponse:
    """The partner API's document, also at the site's root; needs no key."""
    return JsonResponse(partner.api.get_openapi_schema())


urlpatterns: list[URLPattern | URLResolver] = [
    path("", pages.front_page),
    path("healthz", healthz),
    path("metrics", metrics_page),
    path("openapi.json", openapi),
    path("api/v1/", partner.api.urls),
    path("console/api/", console.api.urls),
    path("member/api/", member.api.urls),
    path("operator/", admin.site.urls),
    path("sign-in/<str:token>", session.sign_in_link),
    path("sign-in/<str:token>/", session.sign_in_link),
    path("console/api/<path:rest>", pages.nowhere),
    path("console/", pages.console_page),
    path("console/<path:rest>", pages.console_page),
    path("m/", pages.member_page),
    path("m/<path:rest>", pages.member_page),
]
handler404 = "regulars.surfaces.pages.not_found"
handler500 = "regulars.surfaces.pages.failed"
