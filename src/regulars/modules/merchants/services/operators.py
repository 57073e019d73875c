"""Operators of this installation: they see every merchant at /operator/, with a second factor."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Final

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django_otp.plugins.otp_totp.models import TOTPDevice

from regulars.kernel.errors import FieldError, Invalid
from regulars.modules.merchants.errors import UsernameTaken

_MOST_NAME: Final = 150
_PASSWORD_BYTES: Final = 18


@dataclass(frozen=True, slots=True)
class NewOperator:
    """What an operator signs in with, at the one moment it is known."""

    username: str
    password: str
    totp_uri: str


@transaction.atomic
def create_operator(username: str) -> NewOperator:
    """An operator with a random password and an authenticator. Raises Invalid, UsernameTaken."""
    try:
        User.username_validator(username)
        if len(username) > _MOST_NAME:
            raise ValidationError(f"A name has at most {_MOST_NAME} characters.")
    except ValidationError as error:
        detail = " ".join(error.messages)
        raise Invalid(detail, errors=[FieldError("/username", "malformed", detail)]) from None
    if User.objects.filter(username=username).exists():
        raise UsernameTaken
    password = secrets.token_urlsafe(_PASSWORD_BYTES)
    user = User.objects.create_superuser(username=username, password=password)
    device = TOTPDevice.objects.create(user=user, name="operator", confirmed=True)
    return NewOperator(username, password, str(device.config_url))
