"""SQL that was compiled before: reports ask the same questions again, of other files.

Compiling an expression takes longer than answering it where there is little to read. What the SQL
depends on is the expression alone, whichever connection its tables lie on; so it is kept under the
expression spelled out, compared whole, never by a digest.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any, Final

from ibis.backends import BaseBackend
from ibis.backends.duckdb import Backend
from ibis.common.collections import FrozenDict
from ibis.expr.datatypes import DataType
from ibis.expr.operations import InMemoryTable, Namespace, Node
from ibis.expr.operations.relations import Reference
from ibis.expr.schema import Schema
from ibis.expr.types import Expr

KEPT: Final = 1_024


#: Values whose ``repr`` tells all of them.
_PLAIN: Final = (str, int, float, bool, type(None), date, Decimal, Enum)


class _Unspelled(Exception):
    """The expression holds what is not known to be all that the SQL depends on."""


class Compiling(Backend):  # type: ignore[misc]  # ibis comes without types
    """DuckDB that compiles an expression once for the whole process."""

    def compile(
        self, expr: Expr, /, *, limit: Any = None, params: Any = None, pretty: bool = False
    ) -> str:
        key = None if limit is not None or params or pretty else spelled(expr)
        if key is None:
            return str(super().compile(expr, limit=limit, params=params, pretty=pretty))
        found = _kept.get(key)
        if found is None:
            found = str(super().compile(expr))
            _kept.put(key, found)
        return found


class _Kept:
    """The texts used last."""

    def __init__(self) -> None:
        self._texts: OrderedDict[Hashable, str] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> str | None:
        with self._lock:
            found = self._texts.get(key)
            if found is not None:
                self._texts.move_to_end(key)
            return found

    def put(self, key: Hashable, text: str) -> None:
        with self._lock:
            self._texts[key] = text
            while len(self._texts) > KEPT:
                self._texts.popitem(last=False)


_kept: Final = _Kept()


def spelled(expression: Expr) -> Hashable | None:
    """Everything the SQL of ``expression`` depends on, or None where that cannot be told.

    Its nodes in the order in which they are built, each with its arguments; what was spelled
    already is named by its place. Ibis's own equality is not asked: it remembers by identity.
    """
    speller = _Speller()
    try:
        speller.place(expression.op())
    except _Unspelled:
        return None
    return tuple(speller.nodes)


class _Speller:
    def __init__(self) -> None:
        self.nodes: list[Hashable] = []
        self._places: dict[int, int] = {}
        self._references: dict[Any, int] = {}

    def place(self, node: Node) -> int:
        found = self._places.get(id(node))
        if found is None:
            found = self._places[id(node)] = self._spell(node)
        return found

    def _spell(self, node: Node) -> int:
        if isinstance(node, InMemoryTable):
            # Its rows are not in the SQL, but its name is, and that is by chance.
            raise _Unspelled
        words: tuple[Hashable, ...]
        if isinstance(node, Reference):
            # Numbered by a counter of the process: only which is which matters.
            which = (type(node), node.identifier)
            number = self._references.setdefault(which, len(self._references))
            words = (self.place(node.parent), number)
        else:
            words = tuple(self._word(argument) for argument in node.args)
        self.nodes.append((type(node), words))
        return len(self.nodes) - 1

    def _word(self, argument: Any) -> Hashable:
        if isinstance(argument, Node):
            return ("node", self.place(argument))
        if isinstance(argument, tuple):
            return ("tuple", *(self._word(one) for one in argument))
        if isinstance(argument, Schema):
            return ("schema", *((name, str(kind)) for name, kind in argument.items()))
        if isinstance(argument, FrozenDict):
            return ("dict", *((name, self._word(one)) for name, one in argument.items()))
        if isinstance(argument, DataType):
            return ("kind", str(argument))
        if isinstance(argument, Namespace):
            return ("in", argument.catalog, argument.database)
        if isinstance(argument, BaseBackend):
            return ("on", type(argument))
        if isinstance(argument, _PLAIN):
            # 1, 1.0 and True are equal and written differently.
            return (type(argument), repr(argument))
        raise _Unspelled
