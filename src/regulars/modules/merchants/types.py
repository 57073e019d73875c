"""What merchants tells others: roles and permissions, keys and people, as frozen facts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, get_args

Role = Literal["owner", "manager", "analyst", "cashier"]

#: Everything anyone may ever be allowed, in words of the product. Nothing else can be declared.
PERMISSIONS: Final = frozenset(
    {
        "members.read",
        "members.write",
        "members.merge",
        "consents.write",
        "cards.link",
        "points.adjust",
        "points.hold",
        "tiers.floor",
        "orders.read",
        "pricing.write",
        "orders.write",
        "orders.refund",
        "catalog.read",
        "catalog.write",
        "segments.read",
        "segments.write",
        "tags.write",
        "programme.read",
        "programme.write",
        "pricing.evaluate",
        "pricing.read",
        "offers.read",
        "offers.write",
        "coupons.read",
        "coupons.write",
        "imports.read",
        "imports.write",
        "imports.undo",
        "reports.read",
        "reports.refresh",
        "experiments.read",
        "experiments.write",
        "surveys.read",
        "surveys.write",
        "ledger.export",
        "ledger.seal",
        "settings.read",
        "settings.write",
        "keys.read",
        "keys.write",
        "staff.read",
        "staff.write",
        "tills.write",
        "audit.read",
        "clock.move",
    }
)
#: What a member may do, about themselves alone.
MEMBER_PERMISSIONS: Final = frozenset({"self.read", "self.write", "self.consent"})
#: A key serves shops and tills; it cannot make keys, people or tills.
_KEYS_NEVER: Final = frozenset(
    {"keys.read", "keys.write", "staff.read", "staff.write", "tills.write"}
)
KEY_PERMISSIONS: Final = PERMISSIONS - _KEYS_NEVER
#: What a key may do that stands in a web page for everyone to read.
PUBLISHABLE_PERMISSIONS: Final = frozenset({"pricing.evaluate"})

_OWNER: Final = PERMISSIONS - {"clock.move"}
_CASHIER: Final = frozenset(
    {
        "members.read",
        "members.write",
        "consents.write",
        "cards.link",
        "points.hold",
        "orders.read",
        "pricing.write",
        "orders.write",
        "orders.refund",
        "catalog.read",
        "programme.read",
        "pricing.evaluate",
        "pricing.read",
        "offers.read",
        "coupons.read",
        "settings.read",
    }
)
_ANALYST: Final = frozenset(
    {
        "members.read",
        "orders.read",
        "catalog.read",
        "segments.read",
        "programme.read",
        "pricing.evaluate",
        "pricing.read",
        "offers.read",
        "coupons.read",
        "imports.read",
        "reports.read",
        "reports.refresh",
        "experiments.read",
        "surveys.read",
        "settings.read",
    }
)
_MANAGER: Final = _OWNER - {"keys.write", "staff.write", "settings.write", "ledger.export"}
ROLES: Final[dict[Role, frozenset[str]]] = {
    "owner": _OWNER,
    "manager": _MANAGER,
    "analyst": _ANALYST,
    "cashier": _CASHIER,
}
ROLE_NAMES: Final[tuple[str, ...]] = get_args(Role)
#: Whose password alone opens too much.
SECOND_FACTOR_ROLES: Final = frozenset({"owner", "manager"})


@dataclass(frozen=True, slots=True)
class KeyView:
    """An API key as it may be shown: never the key itself."""

    id: int
    name: str
    prefix: str
    scopes: tuple[str, ...]
    origins: tuple[str, ...]
    created_at: datetime
    created_by: str
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key at the one moment its text is known."""

    view: KeyView
    api_key: str


@dataclass(frozen=True, slots=True)
class StaffView:
    """A person's role at a merchant; ``totp`` says whether a second factor is set up."""

    id: int
    user_id: int
    username: str
    name: str
    role: Role
    totp: bool


@dataclass(frozen=True, slots=True)
class NewStaff:
    """A person just given a role, with the token of a link that signs them in once."""

    view: StaffView
    link_token: str


@dataclass(frozen=True, slots=True)
class StoreView:
    code: str
    name: str
