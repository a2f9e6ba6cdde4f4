"""One metric's own part of a model that computes all metrics at once.

The model of cells is a union with one branch for each metric over common table expressions that metrics
share. A metric is defined by its branch and by the columns that the branch takes; another metric's formula
is none of its business, and the name of a common table expression hangs on how many there are.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from lineage.canonical_sql import lower_words, spell

_ALLOWED = {"this", "expression", "distinct", "with_", "with", "by_name"}


@dataclass(frozen=True, slots=True)
class CellSlice:
    """What a metric takes of the model: canonical text, and the relations read, as `schema.table`."""

    text: str
    relations: tuple[str, ...]


def slice_by_metric(sql: str) -> Mapping[str, CellSlice]:
    """Cut a model of cells into the parts of its metrics.

    Returns:
        Nothing where the model does not have the known form: whoever asks then takes the model whole.
    """
    try:
        tree = sqlglot.parse_one(lower_words(sql), read="duckdb")
    except SqlglotError:
        return {}
    with_ = tree.args.get("with_") or tree.args.get("with")
    ctes = {cte.alias: cte for cte in with_.expressions} if with_ else {}
    slices: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
    for branch in _branches(tree):
        metric = _metric_of(branch)
        if metric is None:
            return {}
        slices.setdefault(metric, []).append(_cut(branch, ctes))
    return {
        metric: CellSlice(
            "\n".join(text for text, _ in parts),
            tuple(sorted({name for _, names in parts for name in names})),
        )
        for metric, parts in slices.items()
    }


def _branches(tree: exp.Expr) -> Iterator[exp.Expr]:
    """Yield the branches of a union; a clause around the union makes it one branch, which no metric names."""
    pending = [tree]
    while pending:
        node = pending.pop()
        is_plain = isinstance(node, exp.Union) and not {
            name for name, value in node.args.items() if value and name not in _ALLOWED
        }
        if is_plain and not node.args.get("distinct"):
            pending += [node.expression, node.this]
        else:
            yield node


def _metric_of(branch: exp.Expr) -> str | None:
    if not isinstance(branch, exp.Select) or not branch.expressions:
        return None
    first = branch.expressions[0]
    is_named = isinstance(first, exp.Alias) and first.alias == "metric" and first.this.is_string
    return str(first.this.this) if is_named else None


def _cut(branch: exp.Expr, ctes: Mapping[str, exp.Expr]) -> tuple[str, tuple[str, ...]]:
    own = branch.copy()
    own.set("with_", None)
    texts, relations = [], set()
    taken = {column.name.lower() for column in own.find_all(exp.Column)}
    for number, name in enumerate(sorted({table.name for table in own.find_all(exp.Table)} & set(ctes))):
        cte = ctes[name].copy()
        _keep_columns(cte.this, taken)
        relations |= _relations(cte.this)
        called = f"facts_{number}"
        for table in own.find_all(exp.Table):
            if table.name == name:
                table.set("this", exp.to_identifier(called))
        for column in own.find_all(exp.Column):
            if column.table == name:
                column.set("table", exp.to_identifier(called))
        cte.set("alias", exp.TableAlias(this=exp.to_identifier(called)))
        texts.append(spell(cte))
    relations |= _relations(own)
    others = [spell(ctes[name]) for name in sorted({r for r in relations if "." not in r} & set(ctes))]
    return "\n".join([*others, *texts, spell(own)]), tuple(sorted(r for r in relations if "." in r))


def _keep_columns(select: exp.Expr, taken: set[str]) -> None:
    """Leave out the columns that only other metrics take."""
    if isinstance(select, exp.Select) and not select.find(exp.Star):
        select.set("expressions", [one for one in select.expressions if one.alias_or_name.lower() in taken])
    elif isinstance(select, exp.Select):
        kept = [
            one
            for one in select.expressions
            if isinstance(one, exp.Star) or one.alias_or_name.lower() in taken
        ]
        select.set("expressions", kept)


def _relations(tree: exp.Expr) -> set[str]:
    return {f"{table.db}.{table.name}" if table.db else table.name for table in tree.find_all(exp.Table)}
