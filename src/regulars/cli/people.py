"""`staff` and `keys`: who may work at a merchant, and which programs."""

from __future__ import annotations

import argparse
import json
import os
from typing import TYPE_CHECKING, Any, Final

from .asking import OPERATOR, asked
from .frame import Commands, Refused, answer, start, the_merchant
from .words import say

if TYPE_CHECKING:
    from collections.abc import Callable

    from regulars.infra.http.principal import MerchantFacts
    from regulars.infra.writes import Outcome

_ROLES: Final = ("owner", "manager", "analyst", "cashier")


def register(commands: Commands) -> None:
    commands.group("staff", "people who work at a merchant")
    create = commands.verb(
        "staff create",
        "give a person a role and print a link that signs them in once",
        _create_staff,
    )
    create.add_argument("--username", required=True, help=say("name to sign in with"))
    create.add_argument("--name", default="", help=say("the person's name"))
    create.add_argument(
        "--role", choices=_ROLES, default="owner", help=say("what the person may do")
    )
    link = commands.verb("staff link", "print a new link that signs a person in once", _make_link)
    link.add_argument("--username", required=True, help=say("name to sign in with"))
    for verb in (create, link):
        verb.add_argument("--port", type=int, default=8000, help=argparse.SUPPRESS)
    commands.verb("staff list", "list the people of a merchant", _list_staff)

    commands.group("operator", "operators of this installation, at /operator/")
    operator = commands.verb(
        "operator create",
        "make an operator and print password and authenticator once",
        _create_operator,
        merchant=False,
    )
    operator.add_argument("--username", required=True, help=say("name to sign in with"))

    commands.group("keys", "API keys of a merchant")
    key = commands.verb("keys create", "make an API key and print it once", _create_key)
    key.add_argument("--name", default="key", help=say("what the key is for"))
    key.add_argument(
        "--scope",
        action="append",
        default=[],
        metavar="PERMISSION",
        help=say("permission the key has; repeat for more; without any, all a key may have"),
    )
    key.add_argument(
        "--origin",
        action="append",
        default=[],
        metavar="URL",
        help=say("makes a publishable key for web pages of this origin; repeat for more"),
    )
    commands.verb("keys list", "list keys; never the keys themselves", _list_keys)
    revoke = commands.verb(
        "keys revoke", "take a key back, effective at its next request", _revoke_key
    )
    revoke.add_argument("id", type=int, help=say("id of the key, as listed"))


def _create_staff(args: argparse.Namespace) -> None:
    start()
    from regulars.infra.writes import Outcome
    from regulars.modules.merchants import services

    merchant = the_merchant(args)

    def act() -> Outcome:
        new = services.create_staff(
            merchant_id=merchant.id,
            username=args.username,
            role=args.role,
            name=args.name,
            now=asked(merchant, "").now,
            by_operator=True,
        )
        return Outcome(
            status=201,
            body={"merchant": merchant.code, "username": args.username, "role": args.role},
            subject=f"staff:{new.view.id}",
            told_once={"sign_in_link": _url(args, new.link_token)},
        )

    told = _once(merchant, "staff.create", act)
    answer(
        args,
        told,
        [
            say(
                "{username} is {role} at {code}",
                username=args.username,
                role=args.role,
                code=merchant.code,
            ),
            say("signs in once, within 24 hours: {url}", url=told["sign_in_link"]),
        ],
    )


def _make_link(args: argparse.Namespace) -> None:
    start()
    from regulars.infra.writes import Outcome
    from regulars.modules.merchants import queries, services

    merchant = the_merchant(args)
    found = [p for p in queries.staff(merchant.id) if p.username == args.username]
    if not found:
        text = "There is nobody called {username!r} at {code}."
        raise Refused(say(text, username=args.username, code=merchant.code))

    def act() -> Outcome:
        token = services.make_sign_in_link(user_id=found[0].user_id)
        return Outcome(
            status=201,
            body={"username": args.username},
            subject=f"staff:{found[0].id}",
            told_once={"sign_in_link": _url(args, token)},
        )

    told = _once(merchant, "staff.link", act)
    text = say("signs in once, within 24 hours: {url}", url=told["sign_in_link"])
    answer(args, told, [text])


def _list_staff(args: argparse.Namespace) -> None:
    start()
    from regulars.modules.merchants import queries

    people = queries.staff(the_merchant(args).id)
    told = [
        {"id": p.id, "username": p.username, "name": p.name, "role": p.role, "totp": p.totp}
        for p in people
    ]
    answer(args, told, [f"{p.id:>6}  {p.role:<8} {p.username}  {p.name}" for p in people])


def _create_operator(args: argparse.Namespace) -> None:
    start()
    from io import StringIO

    import segno

    from regulars.modules.merchants.services import create_operator

    new = create_operator(args.username)
    drawn = StringIO()
    segno.make(new.totp_uri).terminal(drawn, compact=True)
    answer(
        args,
        {"username": new.username, "password": new.password, "totp_uri": new.totp_uri},
        [
            say("password (shown once): {password}", password=new.password),
            say("authenticator (shown once): {uri}", uri=new.totp_uri),
            drawn.getvalue(),
        ],
    )


def _create_key(args: argparse.Namespace) -> None:
    start()
    from regulars.infra.writes import Outcome
    from regulars.modules.merchants import services

    merchant = the_merchant(args)

    def act() -> Outcome:
        new = services.create_key(
            merchant_id=merchant.id,
            name=args.name,
            by=OPERATOR,
            now=asked(merchant, "").now,
            scopes=args.scope,
            origins=args.origin,
        )
        return Outcome(
            status=201,
            body={"merchant": merchant.code, "id": new.view.id, "name": args.name},
            subject=f"key:{new.view.id}",
            told_once={"api_key": new.api_key},
        )

    told = _once(merchant, "keys.create", act)
    answer(args, told, [say("API key (shown once): {key}", key=told["api_key"])])


def _list_keys(args: argparse.Namespace) -> None:
    start()
    from regulars.kernel.instants import show_instant
    from regulars.modules.merchants import queries

    keys = queries.keys(the_merchant(args).id)
    told = [
        {
            "id": k.id,
            "name": k.name,
            "prefix": k.prefix,
            "scopes": list(k.scopes),
            "created_at": show_instant(k.created_at),
            "revoked_at": show_instant(k.revoked_at) if k.revoked_at else None,
        }
        for k in keys
    ]
    lines = [
        f"{k['id']:>6}  {k['prefix']}…  {k['name']}  {k['revoked_at'] or ''}".rstrip() for k in told
    ]
    answer(args, told, lines)


def _revoke_key(args: argparse.Namespace) -> None:
    start()
    from regulars.infra.writes import Outcome
    from regulars.modules.merchants import services

    merchant = the_merchant(args)

    def act() -> Outcome:
        view = services.revoke_key(
            merchant_id=merchant.id, key_id=args.id, now=asked(merchant, "").now
        )
        return Outcome(
            status=200,
            body={"id": view.id, "prefix": view.prefix, "revoked": True},
            subject=f"key:{view.id}",
        )

    told = _once(merchant, "keys.revoke", act)
    answer(args, told, [say("key {id} ({prefix}…) is revoked", **told)])


def _once(merchant: MerchantFacts, operation: str, act: Callable[[], Outcome]) -> dict[str, Any]:
    """Do a write with its line in the audit; what it tells."""
    from regulars.infra.writes import once

    told: dict[str, Any] = json.loads(once(asked(merchant, operation), act).text)
    return told


def _url(args: argparse.Namespace, token: str) -> str:
    site = os.environ.get("REGULARS_ORIGIN") or f"http://127.0.0.1:{args.port}"
    return f"{site}/sign-in/{token}"
