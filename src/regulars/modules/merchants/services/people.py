"""Staff: who may do what for a merchant, and the link that lets them in the first time."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Final

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F

from regulars.events.merchants import StaffChanged
from regulars.infra import outbox
from regulars.infra.clock import real_now
from regulars.kernel.errors import FieldError, Invalid, NotFound
from regulars.modules.merchants import queries
from regulars.modules.merchants.errors import LastOwner, UsernameTaken
from regulars.modules.merchants.models import Merchant, SignInLink, StaffRole
from regulars.modules.merchants.types import ROLES, NewStaff, Role, StaffView

LINK_LASTS: Final = timedelta(hours=24)
_TOKEN_BYTES: Final = 32


@transaction.atomic
def create_staff(
    *,
    merchant_id: int,
    username: str,
    role: str,
    now: datetime,
    name: str = "",
    by_operator: bool = False,
) -> NewStaff:
    """Give a person a role, and a link that signs them in once within a day.

    Only the operator of this machine may name somebody who exists already: a merchant doing so
    would get a link into another merchant's account. Raises UsernameTaken, Invalid.
    """
    known_role = _role(role)
    user = User.objects.filter(username=username).first()
    if user is None:
        user = _new_user(username, name)
    elif not by_operator or StaffRole.objects.filter(merchant_id=merchant_id, user=user).exists():
        raise UsernameTaken
    row = StaffRole.objects.create(merchant_id=merchant_id, user=user, role=known_role)

    _announce(row.merchant_id, row.id, known_role, now)
    return NewStaff(queries.staff_views([row])[0], make_sign_in_link(user_id=user.id))


@transaction.atomic
def change_role(*, merchant_id: int, staff_id: int, role: str, now: datetime) -> StaffView:
    """Change a role, effective at the person's next request. Raises NotFound, LastOwner."""
    known_role = _role(role)
    row = _ours(merchant_id, staff_id)
    if row.role == "owner" and known_role != "owner":
        _keep_an_owner(row)
    row.role = known_role
    row.save(update_fields=["role"])
    _announce(merchant_id, row.id, known_role, now)
    return queries.staff_views([row])[0]


@transaction.atomic
def remove_staff(*, merchant_id: int, staff_id: int, now: datetime) -> StaffView:
    """End a role, effective at the person's next request. Raises NotFound, LastOwner."""
    row = _ours(merchant_id, staff_id)
    if row.role == "owner":
        _keep_an_owner(row)
    view = queries.staff_views([row])[0]
    row.delete()
    _announce(merchant_id, staff_id, None, now)
    return view


def make_sign_in_link(*, user_id: int, lasts: timedelta = LINK_LASTS) -> str:
    """A token that signs its user in once; only its digest is kept."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    SignInLink.objects.create(
        user_id=user_id, digest=queries.digest_of(token), expires_at=real_now() + lasts
    )
    return token


def redeem_sign_in_link(token: str) -> User | None:
    """The user a link signs in, exactly once; None for a used, late or unknown one."""
    now = real_now()
    fresh = SignInLink.objects.filter(
        digest=queries.digest_of(token), used_at=None, expires_at__gt=now
    )
    # The condition lives in the UPDATE: of two clicks at once one gets in.
    if not fresh.update(used_at=now):
        return None
    link = SignInLink.objects.select_related("user").get(digest=queries.digest_of(token))
    return link.user if link.user.is_active else None


def _role(role: str) -> Role:
    if role not in ROLES:
        detail = f"Use one of {', '.join(ROLES)}."
        raise Invalid(detail, errors=[FieldError("/role", "unknown_value", detail)])
    return role


def _new_user(username: str, name: str) -> User:
    user = User(username=username, first_name=name)
    user.set_unusable_password()
    try:
        user.full_clean(exclude=["password"])
        with transaction.atomic():
            user.save(force_insert=True)
    except ValidationError as error:
        field = next(iter(error.message_dict), "username")
        pointer = "/name" if field == "first_name" else "/username"
        detail = " ".join(error.messages)
        raise Invalid(detail, errors=[FieldError(pointer, "malformed", detail)]) from None
    except IntegrityError:
        raise UsernameTaken from None
    return user


def _ours(merchant_id: int, staff_id: int) -> StaffRole:
    row = (
        StaffRole.objects.select_related("user")
        .filter(merchant_id=merchant_id, id=staff_id)
        .first()
    )
    if row is None:
        raise NotFound
    return row


def _keep_an_owner(row: StaffRole) -> None:
    # The merchant's row is touched first, so two owners leaving at once queue up here.
    Merchant.objects.filter(id=row.merchant_id).update(suspended=F("suspended"))
    others = StaffRole.objects.filter(merchant_id=row.merchant_id, role="owner")
    if not others.exclude(id=row.id).exists():
        raise LastOwner


def _announce(merchant_id: int, staff_id: int, role: str | None, now: datetime) -> None:
    event = StaffChanged(merchant_id=merchant_id, happened_at=now, staff_id=staff_id, role=role)
    outbox.publish(aggregate="merchant", events=[event], at=now)
