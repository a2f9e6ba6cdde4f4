"""Two versions of a query, clause by clause: which filters, joins, groups and columns came and went."""

from collections import Counter
from collections.abc import Iterator

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

_MOST = 8
_SHOWN_CHARACTERS = 120
_NAMES = {
    "filter": "a filter",
    "filter of groups": "a filter of groups",
    "filter of windows": "a filter of windows (QUALIFY)",
    "join": "a join",
    "relation": "a relation",
    "group": "a grouping",
    "order": "an ordering",
    "limit": "a limit",
    "distinct": "DISTINCT",
    "union": "a union",
    "column": "a column",
}
_CONDITIONS = (("where", "filter"), ("having", "filter of groups"), ("qualify", "filter of windows"))


def clause_changes(old: str, new: str) -> list[str]:
    """Say in words which clauses differ, the weightiest first; nothing where a parser reads neither.

    Args:
        old: Canonical SQL; several statements, or common table expressions on lines of their own, are fine.
        new: The same later.
    """
    before, after = Counter(_clauses(old)), Counter(_clauses(new))
    gone, come = list((before - after).elements()), list((after - before).elements())
    words = []
    for kind, called in _NAMES.items():
        lost = [text for name, text in gone if name == kind]
        won = [text for name, text in come if name == kind]
        if len(lost) == len(won) == 1:
            words.append(f"{called} changed from {_short(lost[0])} to {_short(won[0])}")
            continue
        words += [f"{called} was removed: {_short(text)}" for text in lost]
        words += [f"{called} was added: {_short(text)}" for text in won]
    more = [f"and {len(words) - _MOST} more differences"] if len(words) > _MOST else []
    return words[:_MOST] + more


def _clauses(sql: str) -> Iterator[tuple[str, str]]:
    for line in sql.splitlines():
        for tree in _parsed(line):
            for node in tree.walk():
                if isinstance(node, exp.Select):
                    yield from _of_select(node)
                elif isinstance(node, exp.SetOperation):
                    yield (
                        "union",
                        f"{type(node).__name__.upper()}{'' if node.args.get('distinct') else ' ALL'}",
                    )


def _parsed(line: str) -> Iterator[exp.Expr]:
    if not line or line.startswith("--"):
        return
    for text in (line, f"WITH {line} SELECT 1"):  # a common table expression alone is no statement
        try:
            yield from (tree for tree in sqlglot.parse(text, read="duckdb") if tree is not None)
        except SqlglotError:
            continue
        return


def _of_select(select: exp.Select) -> Iterator[tuple[str, str]]:
    for argument, kind in _CONDITIONS:
        clause = select.args.get(argument)
        if clause is not None:
            yield from ((kind, _sql(each)) for each in _conjuncts(clause.this))
    for join in select.args.get("joins") or ():
        yield "join", _sql(join)
    start = select.args.get("from_") or select.args.get("from")
    if start is not None and isinstance(start.this, exp.Table):
        yield "relation", _sql(start.this)
    group = select.args.get("group")
    if group is not None:
        yield "group", _sql(group)
    for argument, kind in (("order", "order"), ("limit", "limit"), ("distinct", "distinct")):
        if select.args.get(argument) is not None:
            yield kind, _sql(select.args[argument])
    yield from (("column", _sql(column)) for column in select.expressions if not column.find(exp.Select))


def _conjuncts(condition: exp.Expr) -> Iterator[exp.Expr]:
    if isinstance(condition, exp.Paren):
        condition = condition.unnest()
    if isinstance(condition, exp.And):
        yield from _conjuncts(condition.left)
        yield from _conjuncts(condition.right)
    else:
        yield condition


def _sql(node: exp.Expr) -> str:
    return node.sql(dialect="duckdb", comments=False).strip()


def _short(text: str) -> str:
    plain = text.replace('"', "")
    return plain if len(plain) <= _SHOWN_CHARACTERS else f"{plain[:_SHOWN_CHARACTERS]} ..."
