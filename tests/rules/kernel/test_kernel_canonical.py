"""RFC 8785: the published vectors without fractions, and the laws."""

from __future__ import annotations

import enum
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.kernel.canonical import MAX_SAFE_INTEGER, canonical_json, canonical_text

# The sorting example of RFC 8785 section 3.2.3, the string of section 3.2.2, and the test data
# its authors publish beside it.
VECTORS = [
    (
        r'{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh",'
        r'"1":"One","\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control",'
        r'"\u00f6":"Latin Small Letter O With Diaeresis"}',
        '{"\\r":"Carriage Return","1":"One","\x80":"Control",'
        '"ö":"Latin Small Letter O With Diaeresis","€":"Euro Sign",'
        '"\U0001f600":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}',
    ),
    (
        r'{"string":"\u20ac$\u000F\u000aA' + r"'\u0042\u0022\u005c\\\"\/" + r'",'
        r'"literals":[null, true, false]}',
        '{"literals":[null,true,false],"string":"€$\\u000f\\nA' + "'B" + r'\"\\\\\"/"}',
    ),
    (
        r'{"peach":"This sorting order","péché":"is wrong according to French",'
        r'"pêche":"but canonicalization MUST","sin":"ingnore locale"}',
        '{"peach":"This sorting order","péché":"is wrong according to French",'
        '"pêche":"but canonicalization MUST","sin":"ingnore locale"}',
    ),
    (
        r'{"1":{"f":{"f":"hi","F":5} ,"\n":56},"10":{ },"":"empty","a":{ },"111":[ { } ],"A":{ }}',
        r'{"":"empty","1":{"\n":56,"f":{"F":5,"f":"hi"}},"10":{},"111":[{}],"A":{},"a":{}}',
    ),
    (
        r'{"\u20ac":"Euro Sign","1":"One","\u0080":"Control\u007f","\ud83d\ude02":"Smiley",'
        r'"\u00f6":"Latin Small Letter O With Diaeresis",'
        r'"\ufb33":"Hebrew Letter Dalet With Dagesh","</script>":"Browser Challenge"}',
        '{"1":"One","</script>":"Browser Challenge","\x80":"Control\x7f",'
        '"ö":"Latin Small Letter O With Diaeresis","€":"Euro Sign","\U0001f602":"Smiley",'
        '"\ufb33":"Hebrew Letter Dalet With Dagesh"}',
    ),
    (r'{"Unnormalized Unicode":"A\u030a"}', '{"Unnormalized Unicode":"A\u030a"}'),
    (
        r'[56,{"d":true,"10":null,"1":[ ]}]',
        '[56,{"1":[],"10":null,"d":true}]',
    ),
]

INTEGERS = st.integers(-MAX_SAFE_INTEGER, MAX_SAFE_INTEGER)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | INTEGERS | TEXTS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXTS, inner, max_size=5),
    max_leaves=20,
)


@pytest.mark.parametrize(("given_text", "canonical"), VECTORS)
def test_published_vectors(given_text: str, canonical: str) -> None:
    assert canonical_json(json.loads(given_text)) == canonical.encode()


def test_the_bytes_of_the_published_sorting_order() -> None:
    # U+1F600 stands before U+FB33: its first UTF-16 code unit, D83D, is the smaller one.
    assert canonical_json({"\ufb33": 1, "\U0001f600": 2}) == (
        b'{"\xf0\x9f\x98\x80":2,"\xef\xac\xb3":1}'
    )


@given(value=VALUES)
def test_canonical_json_says_the_same_and_is_stable(value: Any) -> None:
    written = canonical_json(value)
    assert json.loads(written) == value
    assert canonical_json(json.loads(written)) == written


@given(members=st.dictionaries(TEXTS, INTEGERS, min_size=2), seed=st.randoms())
def test_the_order_of_keys_does_not_matter(members: dict[str, int], seed: Any) -> None:
    shuffled = list(members.items())
    seed.shuffle(shuffled)
    assert canonical_json(dict(shuffled)) == canonical_json(members)


@given(text=TEXTS)
def test_a_text_is_written_alike_alone_and_inside(text: str) -> None:
    assert canonical_text(text).encode() == canonical_json(text)
    assert json.loads(canonical_text(text)) == text


def test_every_control_character_is_escaped_as_the_rfc_says() -> None:
    short = {"\b": r"\b", "\t": r"\t", "\n": r"\n", "\f": r"\f", "\r": r"\r"}
    for number in range(0x20):
        escaped = short.get(chr(number), f"\\u{number:04x}")
        assert canonical_text(chr(number)) == f'"{escaped}"'
    assert canonical_text("\x7f/\u2028é") == '"\x7f/\u2028é"'


class Kind(enum.StrEnum):
    EARN = "earn"


class Level(enum.IntEnum):
    GOLD = 3


def test_enums_are_written_as_what_they_stand_for() -> None:
    assert canonical_json({"kind": Kind.EARN, "level": Level.GOLD, "pair": (1, None)}) == (
        b'{"kind":"earn","level":3,"pair":[1,null]}'
    )


@pytest.mark.parametrize(
    "value",
    [1.0, float("nan"), [0.5], {"a": 2.0}, Decimal(1), b"x", {1: 2}, {None: 1}, {1, 2}, object()],
)
def test_what_has_no_exact_json_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        canonical_json(value)


@pytest.mark.parametrize(
    "value", [2**53, -(2**53), [10**30], "\ud800", {"\udfff": 1}, {"a\ud83d": 1, "b": 2}]
)
def test_what_readers_would_take_differently_is_refused(value: object) -> None:
    assert canonical_json([MAX_SAFE_INTEGER, -MAX_SAFE_INTEGER])
    with pytest.raises(ValueError):
        canonical_json(value)
