"""RFC 6962 Merkle trees over SHA-256: one hash that stands for a list, and proofs of membership.

Leaves and nodes are hashed with different first bytes, so that no node passes for a leaf.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

_LEAF = b"\x00"
_NODE = b"\x01"


def tree_root(leaves: Sequence[bytes]) -> bytes:
    """The tree head of ``leaves`` in their order; of no leaves, the hash of nothing."""
    if not leaves:
        return sha256().digest()
    level = _leaf_hashes(leaves)
    while len(level) > 1:
        level = _level_above(level)
    return level[0]


def inclusion_path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """The hashes that lead from leaf ``index`` (from 0) to the tree head, lowest first.

    Raises IndexError when there is no such leaf.
    """
    if not 0 <= index < len(leaves):
        raise IndexError(f"no leaf {index} among {len(leaves)}")
    path: list[bytes] = []
    level = _leaf_hashes(leaves)
    while len(level) > 1:
        sibling = index ^ 1
        if sibling < len(level):  # the last of an odd level rises alone
            path.append(level[sibling])
        level = _level_above(level)
        index //= 2
    return path


def verify_inclusion(
    *, leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes
) -> bool:
    """Whether ``path`` proves that ``leaf`` is number ``index`` of ``size`` leaves under ``root``.

    ``leaf`` is the leaf itself, not its hash. Never raises on what a stranger sends.
    """
    if not 0 <= index < size:
        return False
    node, last = index, size - 1
    reached = sha256(_LEAF + leaf).digest()
    for sibling in path:
        if last == 0:
            return False
        if node & 1 or node == last:
            reached = sha256(_NODE + sibling + reached).digest()
            while not node & 1 and node:  # levels on which this node rose alone
                node >>= 1
                last >>= 1
        else:
            reached = sha256(_NODE + reached + sibling).digest()
        node >>= 1
        last >>= 1
    return last == 0 and reached == root


def _leaf_hashes(leaves: Sequence[bytes]) -> list[bytes]:
    return [sha256(_LEAF + leaf).digest() for leaf in leaves]


def _level_above(level: list[bytes]) -> list[bytes]:
    # Pairing from the left gives the RFC's split at the largest power of two.
    pairs = zip(level[::2], level[1::2], strict=False)
    above = [sha256(_NODE + left + right).digest() for left, right in pairs]
    if len(level) & 1:
        above.append(level[-1])
    return above
