"""What a command cannot take is told in a sentence, on either database: no name is too long for
one of them alone, and no port breaks the program."""

from __future__ import annotations

import pytest

from makers.merchants import make_merchant, unique
from regulars.cli import main
from regulars.modules.merchants.models import ApiKey


def told(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    capsys.readouterr()
    code = main(words)
    return code, capsys.readouterr().err


def test_a_name_of_a_key_has_at_most_100_characters(capsys: pytest.CaptureFixture[str]) -> None:
    shop = make_merchant()
    create = ("keys", "create", "--merchant", shop.code, "--name")
    before = ApiKey.objects.filter(merchant_id=shop.id).count()
    code, err = told(capsys, *create, "x" * 101)
    assert (code, "100 characters" in err) == (1, True)
    assert ApiKey.objects.filter(merchant_id=shop.id).count() == before
    assert told(capsys, *create, "x" * 100)[0] == 0


@pytest.mark.parametrize("name", ["x" * 151, "", "a b"])
def test_an_operators_name_is_a_username(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, err = told(capsys, "operator", "create", "--username", name)
    assert (code, err.startswith("error: ")) == (1, True)
    longest = unique("o").ljust(150, "x")
    assert told(capsys, "operator", "create", "--username", longest)[0] == 0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--port", "65536"), "65535"),
        (("--port", "-1"), "65535"),
        (("--host", "no.such.host.invalid"), "no.such.host.invalid"),
    ],
)
def test_serve_tells_what_it_cannot_listen_on(
    words: tuple[str, str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, err = told(capsys, "serve", *words)
    assert (code, says in err) == (1, True)
