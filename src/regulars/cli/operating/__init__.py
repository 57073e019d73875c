"""`backup`, `restore` and `doctor`: what whoever runs this machine needs on a bad day."""

from __future__ import annotations

from regulars.cli.frame import Commands

from . import backup, doctor, restore


def register(commands: Commands) -> None:
    for verb in (backup, restore, doctor):
        verb.register(commands)
