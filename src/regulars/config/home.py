"""The home folder: the embedded database, uploaded files, facts, and secrets nobody gave.

Secrets come from the environment; what it does not give is made once by `regulars init`, kept in
the home with mode 0600, and never printed.
"""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Final

SECRETS: Final = {
    "REGULARS_SECRET_KEY": 48,
    "REGULARS_FIELD_KEY": 32,
    "REGULARS_INDEX_KEY": 32,
    "REGULARS_SEAL_KEY": 32,
}
PLACEHOLDERS: Final = ("changeme", "secret", "example", "placeholder", "insecure")


def home() -> Path:
    return Path(os.environ.get("REGULARS_HOME", ".regulars")).absolute()


def secrets_file() -> Path:
    return home() / "secrets.json"


def make_home() -> Path:
    """Make the home and whatever secrets neither the environment nor the home has."""
    folder = home()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    known = _stored()
    missing = [n for n in SECRETS if not os.environ.get(n) and n not in known]
    if missing:
        known.update({name: secrets.token_hex(SECRETS[name]) for name in missing})
        path = secrets_file()
        temporary = path.with_suffix(f".{os.getpid()}")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(known, file)
        temporary.replace(path)
    return folder


def secret(name: str) -> str:
    """One secret. Empty where `init` has not been run; whoever needs it then says so."""
    value = os.environ.get(name) or _stored().get(name, "")
    if value and any(word in value.lower() for word in PLACEHOLDERS):
        raise RuntimeError(f"{name} looks like a placeholder; give it a random value")
    return value


def _stored() -> dict[str, str]:
    path = secrets_file()
    if not path.exists():
        return {}
    stored: dict[str, str] = json.loads(path.read_text())
    return stored
