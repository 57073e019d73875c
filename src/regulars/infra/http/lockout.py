"""Sign-in throttling: five wrong attempts on an account or ten from an address lock for a while."""

from __future__ import annotations

from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse

from . import problems


class LockoutHandler(AxesDatabaseHandler):  # type: ignore[misc]
    """Counts an address half: a shop's people share one, and so may twice as many err."""

    def get_failures(self, request: HttpRequest, credentials: Any = None) -> int:
        """How near the limit of AXES_FAILURE_LIMIT this attempt is."""
        of_account, of_address = (
            attempts.aggregate(total=Sum("failures_since_start"))["total"] or 0
            for attempts in self.get_user_attempts(request, credentials)
        )
        return int(max(of_account, of_address // 2))


def locked(
    _request: HttpRequest, response: HttpResponse | None = None, _credentials: Any = None
) -> HttpResponse:
    """What a locked-out visitor gets: the answer of whoever asked, which is the usual refusal."""
    return response or problems.of_status(401)
