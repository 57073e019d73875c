"""Writes of merchants. Each runs in the caller's transaction, or in one of its own."""

from .keys import create_key, revoke_key
from .operators import create_operator
from .people import (
    change_role,
    create_staff,
    make_sign_in_link,
    redeem_sign_in_link,
    remove_staff,
)
from .tenants import change_settings, create_merchant, move_clock, suspend

__all__ = [
    "change_role",
    "change_settings",
    "create_key",
    "create_merchant",
    "create_operator",
    "create_staff",
    "make_sign_in_link",
    "move_clock",
    "redeem_sign_in_link",
    "remove_staff",
    "revoke_key",
    "suspend",
]
