"""`members`: a signed link to somebody's card."""

from __future__ import annotations

import argparse
import json
import os

from .asking import asked
from .frame import Commands, Refused, answer, start, the_merchant
from .words import say


def register(commands: Commands) -> None:
    commands.group("members", "members of a merchant")
    link = commands.verb("members card-link", "print a signed link to a member's card", _card_link)
    link.add_argument(
        "--identity",
        required=True,
        metavar="TYPE:VALUE",
        help=say("how the member is known, as external:M0001 or phone:+8613800000000"),
    )
    link.add_argument("--port", type=int, default=8000, help=argparse.SUPPRESS)


def _card_link(args: argparse.Namespace) -> None:
    start()
    from regulars.infra.clock import real_now
    from regulars.infra.writes import Outcome, once
    from regulars.kernel.ids import show
    from regulars.kernel.instants import show_instant
    from regulars.modules.members.queries import by_identity
    from regulars.modules.members.tokens import CARD_LASTS, card_token

    merchant = the_merchant(args)
    kind, _, value = args.identity.partition(":")
    member_id = by_identity(merchant, type=kind, value=value)
    if member_id is None:
        raise Refused(say("Nobody is known as {identity}.", identity=args.identity))
    expires_at = real_now() + CARD_LASTS

    def act() -> Outcome:
        token = card_token(merchant_id=merchant.id, member_id=member_id, expires_at=expires_at)
        site = os.environ.get("REGULARS_ORIGIN") or f"http://127.0.0.1:{args.port}"
        return Outcome(
            status=201,
            body={"member": show("mem", member_id), "expires_at": show_instant(expires_at)},
            subject=show("mem", member_id),
            told_once={"card_link": f"{site}/m/#{token}"},
        )

    told = json.loads(once(asked(merchant, "members.card_link"), act).text)
    answer(args, told, [told["card_link"]])
