"""RFC 6962: the published vectors of Certificate Transparency, and the laws."""

from __future__ import annotations

from hashlib import sha256
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.kernel.merkle import inclusion_path, tree_root, verify_inclusion

LEAVES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657",
                 "606162636465666768696a6b6c6d6e6f")
]  # fmt: skip
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
PATH_OF_0_IN_8 = [
    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
]
PATH_OF_5_IN_8 = [
    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
]
SOME_LEAVES = st.lists(st.binary(max_size=8), min_size=1, max_size=40)


def head_as_the_rfc_defines_it(leaves: list[bytes]) -> bytes:
    """Section 2.1 word by word: split at the largest power of two below the length."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    left = head_as_the_rfc_defines_it(leaves[:split])
    return sha256(b"\x01" + left + head_as_the_rfc_defines_it(leaves[split:])).digest()


@pytest.mark.parametrize("size", range(9))
def test_published_roots(size: int) -> None:
    assert tree_root(LEAVES[:size]).hex() == ROOTS[size]


@pytest.mark.parametrize(("index", "path"), [(0, PATH_OF_0_IN_8), (5, PATH_OF_5_IN_8)])
def test_published_paths(index: int, path: list[str]) -> None:
    assert [step.hex() for step in inclusion_path(index, LEAVES)] == path
    assert verify_inclusion(
        leaf=LEAVES[index],
        index=index,
        size=8,
        path=[bytes.fromhex(step) for step in path],
        root=bytes.fromhex(ROOTS[8]),
    )


@given(leaves=st.lists(st.binary(max_size=8), max_size=70))
def test_the_root_is_the_one_of_the_definition(leaves: list[bytes]) -> None:
    assert tree_root(leaves) == head_as_the_rfc_defines_it(leaves)


@given(leaves=SOME_LEAVES)
def test_every_leaf_is_proved(leaves: list[bytes]) -> None:
    root, size = tree_root(leaves), len(leaves)
    for index, leaf in enumerate(leaves):
        path = inclusion_path(index, leaves)
        assert verify_inclusion(leaf=leaf, index=index, size=size, path=path, root=root)


@given(leaves=SOME_LEAVES, data=st.data())
def test_a_proof_holds_for_nothing_else(leaves: list[bytes], data: st.DataObject) -> None:
    size = len(leaves)
    index = data.draw(st.integers(0, size - 1))
    root, path, leaf = tree_root(leaves), inclusion_path(index, leaves), leaves[index]

    def proved(**other: object) -> bool:
        facts = {"leaf": leaf, "index": index, "size": size, "path": path, "root": root, **other}
        return verify_inclusion(**facts)  # type: ignore[arg-type]

    assert proved()
    assert not proved(leaf=leaf + b"x")
    assert not proved(root=sha256(root).digest())
    assert not proved(path=[*path, root])
    assert not proved(index=size)
    assert not proved(index=-1)
    assert not any(proved(index=i) for i in range(size) if leaves[i] != leaf)
    for cut in range(len(path)):
        assert not proved(path=path[:cut])
        assert not proved(path=[*path[:cut], bytes(32), *path[cut + 1 :]])
        assert not proved(path=[*path[:cut], path[cut][:-1], *path[cut + 1 :]])


@given(leaves=SOME_LEAVES, data=st.data())
def test_any_changed_moved_or_missing_leaf_changes_the_root(
    leaves: list[bytes], data: st.DataObject
) -> None:
    root = tree_root(leaves)
    index = data.draw(st.integers(0, len(leaves) - 1))
    assert tree_root([*leaves[:index], leaves[index] + b"x", *leaves[index + 1 :]]) != root
    assert tree_root(leaves[:-1]) != root
    assert tree_root([*leaves, b""]) != root
    if leaves[0] != leaves[-1]:
        assert tree_root([leaves[-1], *leaves[1:-1], leaves[0]]) != root


@pytest.mark.parametrize("index", [-1, 8])
def test_a_path_needs_a_leaf(index: int) -> None:
    with pytest.raises(IndexError):
        inclusion_path(index, LEAVES)


def test_two_hundred_thousand_leaves_take_less_than_a_second() -> None:
    leaves = [b"account-%d" % number for number in range(200_000)]
    best = float("inf")
    for _ in range(3):
        began = process_time()
        tree_root(leaves)
        best = min(best, process_time() - began)
    assert best < 1
