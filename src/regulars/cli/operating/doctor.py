"""`doctor`: whether settings are safe and the books hold; exit code 1 where a fault is found."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from regulars.cli.frame import Commands, answer, start, the_merchant

from . import examining, inventory
from .words import tell

if TYPE_CHECKING:
    from regulars.infra.http.principal import MerchantFacts


def register(commands: Commands) -> None:
    verb = commands.verb(
        "doctor", tell("verify settings, keys, database, ledger, seals, tiers and orders"), _doctor
    )
    verb.add_argument(
        "--strict", action="store_true", help=tell("exit with 1 for warnings too, as monitors want")
    )


def _doctor(args: argparse.Namespace) -> int:
    findings = examining.secrets()
    figures: list[dict[str, Any]] = []
    if not any(finding.code == "secret_placeholder" for finding in findings):
        start()
        findings += examining.switches() + examining.database()
        if not any(f.check == "database" and f.severity == "fault" for f in findings):
            only = the_merchant(args) if args.merchant else None
            findings += examining.jobs() + examining.books(only) + examining.signers(only)
            figures = _figures(only)
    faults = sum(finding.severity == "fault" for finding in findings)
    told = {
        "ok": not faults,
        "faults": faults,
        "warnings": len(findings) - faults,
        "findings": [finding.told() for finding in findings],
        "merchants": figures,
    }
    answer(args, told, _lines(findings, figures))
    return 1 if faults or (args.strict and findings) else 0


def _figures(only: MerchantFacts | None) -> list[dict[str, Any]]:
    found = inventory.merchant_figures()
    return [one for one in found if only is None or one["id"] == only.id]


def _lines(findings: list[examining.Finding], figures: list[dict[str, Any]]) -> list[str]:
    lines = [finding.line() for finding in findings]
    for one in figures:
        points = f"{one['balances']['points']['outstanding']:,}"
        if one["seal"]:
            text = "{code}: {points} points outstanding, seal {seal} of {at}"
            seal = {"seal": one["seal"]["seal"], "at": one["seal"]["at"]}
            lines.append(tell(text, code=one["code"], points=points, **seal))
        else:
            text = "{code}: {points} points outstanding, not sealed yet"
            lines.append(tell(text, code=one["code"], points=points))
    if not findings:
        lines.append(tell("all is well"))
    return lines
