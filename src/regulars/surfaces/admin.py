"""/operator/: Django's admin for this installation's operators, behind a second factor.

Reads and suspends; what belongs to a ledger or a member is never edited here.
"""

from __future__ import annotations

from typing import Final

from django_otp.admin import OTPAdminSite

from regulars.modules.merchants.admin import register

site: Final = OTPAdminSite(name="operator")
site.site_header = site.site_title = "Regulars operator"
register(site)
