"""`python -m regulars.surfaces.contracts`: the OpenAPI document of each audience and the JSON
Schema of every event, pinned.

With ``--write`` the files under docs/contracts are written; without, they are compared, and a
difference is told and ends with 1: what a client was promised changes only on purpose.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Final

FOLDER: Final = Path("docs") / "contracts"


def openapi() -> dict[str, str]:
    """File name and text of every audience's document."""
    from regulars.surfaces import console, member, partner

    apis = {"partner": partner.api, "console": console.api, "member": member.api}
    return {
        f"openapi-{audience}.json": json.dumps(
            api.get_openapi_schema(), indent=2, ensure_ascii=False, default=str
        )
        + "\n"
        for audience, api in apis.items()
    }


def documents() -> dict[str, str]:
    """File name and text of all that is pinned: the audiences' documents, the events' schemas."""
    from regulars.events import schemas

    events = {f"events/{name}": text for name, text in schemas.documents().items()}
    return events | openapi()


def drift(folder: Path = FOLDER) -> list[str]:
    """The files that are not what the code says."""
    return [
        name
        for name, text in documents().items()
        if not (folder / name).exists() or (folder / name).read_text() != text
    ]


def write(folder: Path = FOLDER) -> None:
    """Write them all; files of events that are gone stay, since consumers still read them."""
    (folder / "events").mkdir(parents=True, exist_ok=True)
    for name, text in documents().items():
        (folder / name).write_text(text)


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "regulars.config.settings")
    import django

    django.setup()
    if "--write" in sys.argv[1:]:
        write()
        return 0
    changed = drift()
    for name in changed:
        print(f"{FOLDER / name} differs from the code: run `make openapi`", file=sys.stderr)  # noqa: T201
    return 1 if changed else 0


if __name__ == "__main__":
    sys.exit(main())
