"""What an operator of the installation sees of merchants: who there is, and a switch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest

from .models import Merchant

if TYPE_CHECKING:
    _Admin = admin.ModelAdmin[Merchant]
else:
    _Admin = admin.ModelAdmin


class MerchantAdmin(_Admin):
    """Everything is read-only but ``suspended``; merchants are made by `regulars init`."""

    list_display = ("code", "name", "currency", "zone", "suspended", "created_at")
    list_filter = ("suspended",)
    search_fields = ("code", "name")
    fields = ("code", "name", "currency", "zone", "locale", "clock_at", "created_at", "suspended")
    readonly_fields = fields[:-1]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def register(site: admin.AdminSite) -> None:
    """Show the merchants on an admin site."""
    site.register(Merchant, MerchantAdmin)
