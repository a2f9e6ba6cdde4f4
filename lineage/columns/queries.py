"""Queries: from SELECT, set operations and common table expressions to the relation that they yield."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from sqlglot import exp

from lineage.columns.edges import Kind, RelationSchema
from lineage.columns.expressions import value_of
from lineage.columns.from_items import FromReader
from lineage.columns.pivots import pivot_statement
from lineage.columns.scopes import Relation, Scope
from lineage.columns.selected import selected_columns
from lineage.columns.values import NOTHING, Atoms, Value, influence, merged

_MOST_ROUNDS = 6


class QueryReader:
    """Reads queries over relations of known schemas.

    Args:
        schemas: The relations by every name that SQL may use for them, in lower case and dotted.
    """

    def __init__(self, schemas: Mapping[str, RelationSchema]) -> None:
        self._from = FromReader(schemas, self.query)

    def top(self, node: exp.Expr) -> Relation:
        """Read a statement."""
        return self.query(node, Scope(self))

    def query(self, node: exp.Expr, parent: Scope) -> Relation:
        """Read a query inside another scope."""
        scope = parent.inner()
        with_ = node.args.get("with_")
        if with_ is not None:
            self._define(with_, scope)
        if isinstance(node, exp.Select):
            return self._select(node, scope)
        if isinstance(node, exp.SetOperation):
            return self._ordered(node, self._set_operation(node, scope), scope)
        if isinstance(node, exp.Subquery):
            return self._ordered(node, self._from.wrapped(node, scope), scope)
        if isinstance(node, exp.Pivot):
            return pivot_statement(node, scope, self._from)
        return self._from.relation(node, scope)

    def _define(self, with_: exp.Expr, scope: Scope) -> None:
        for table in with_.expressions:
            names = [each.name.lower() for each in table.args["alias"].args.get("columns") or ()]
            alias = table.alias.lower()
            is_recursive = bool(with_.args.get("recursive")) and isinstance(table.this, exp.SetOperation)
            found = (
                self._recursive(table, scope, names=names) if is_recursive else self.query(table.this, scope)
            )
            scope.tables[alias] = found.renamed(names) if names else found

    def _recursive(self, table: exp.Expr, scope: Scope, *, names: Sequence[str]) -> Relation:
        """Read a recursive table: what its steps add is read until nothing is new."""
        node, alias = table.this, table.alias.lower()
        if not any(each.name.lower() == alias for each in node.expression.find_all(exp.Table)):
            return self.query(node, scope)
        inner = scope.inner()
        found = self.query(node.this, inner)
        for _ in range(_MOST_ROUNDS):
            known = found.renamed(names) if names else found
            inner.tables[alias] = inner.tables[f"recurring.{alias}"] = known
            step = self.query(node.expression, inner)
            laid_over = _by_name(found, step) if node.args.get("by_name") else _by_place(found, step)
            if laid_over == (found.columns, found.influences):
                break
            columns, influences = laid_over
            found = Relation(columns, influences, found.presence | step.presence, found.rest)
        keys = {each.name.lower() for each in table.args.get("key_expressions") or ()}
        known = found.renamed(names) if names else found
        distinct = [value for name, value in known.columns if name in keys or not keys]
        return _grouping(known, distinct) if keys or node.args.get("distinct") else known

    def _select(self, node: exp.Select, scope: Scope) -> Relation:
        influences = self._from.fill(node, scope)
        for window in node.args.get("windows") or ():
            scope.windows[window.name.lower()] = window
        for item in node.expressions:
            if isinstance(item, exp.Alias):
                scope.aliased[item.alias.lower()] = partial(value_of, item.this, scope)
        columns, unnested = selected_columns(node, scope)
        influences |= self._clauses(node, scope, columns)
        presence = scope.presence | unnested
        relation = Relation(tuple(columns), influences, presence)
        return self._ordered(node, relation, scope)

    def _clauses(self, node: exp.Select, scope: Scope, columns: Sequence[tuple[str, Value]]) -> Atoms:
        """Return what WHERE, GROUP BY, HAVING, QUALIFY and DISTINCT let in."""
        found = NOTHING
        for name in ("where", "having", "qualify"):
            clause = node.args.get(name)
            if clause is not None:
                found |= influence([value_of(clause.this, scope)], Kind.FILTER)
        group = node.args.get("group")
        if group is not None:
            found |= influence(_grouped(group, node, scope, columns), Kind.GROUP_BY)
        distinct = node.args.get("distinct")
        if distinct is not None:
            on = distinct.args.get("on")
            keys = [value for _, value in columns] if on is None else _listed(on, scope, columns)
            found |= influence(keys, Kind.GROUP_BY)
        return found

    def _ordered(self, node: exp.Expr, relation: Relation, scope: Scope) -> Relation:
        """Add what ORDER BY, LIMIT and OFFSET read."""
        found = NOTHING
        order = node.args.get("order")
        if order is not None:
            keys = [each.this for each in order.expressions]
            found |= influence(_ordering(keys, scope, relation), Kind.SORT)
        for name in ("limit", "offset"):
            clause = node.args.get(name)
            if clause is not None and clause.expression is not None:
                found |= influence([value_of(clause.expression, scope)], Kind.FILTER)
        if not found:
            return relation
        return Relation(relation.columns, relation.influences | found, relation.presence, relation.rest)

    def _set_operation(self, node: exp.SetOperation, scope: Scope) -> Relation:
        left, right = self.query(node.this, scope), self.query(node.expression, scope)
        if not isinstance(node, exp.Union):
            others = influence((value for _, value in (*left.columns, *right.columns)), Kind.FILTER)
            rows = influence([Value(right.presence)], Kind.FILTER) if not right.columns else NOTHING
            return Relation(
                left.columns, left.influences | right.influences | others | rows, left.presence, left.rest
            )
        columns, influences = _by_name(left, right) if node.args.get("by_name") else _by_place(left, right)
        found = Relation(columns, influences, left.presence | right.presence, left.rest or right.rest)
        return _grouping(found, [value for _, value in columns]) if node.args.get("distinct") else found


def _by_place(left: Relation, right: Relation) -> tuple[tuple[tuple[str, Value], ...], Atoms]:
    columns = [
        (name, merged((value, other)))
        for (name, value), (_, other) in zip(left.columns, right.columns, strict=False)
    ]
    columns += left.columns[len(right.columns) :]
    return tuple(columns), left.influences | right.influences


def _by_name(left: Relation, right: Relation) -> tuple[tuple[tuple[str, Value], ...], Atoms]:
    columns = [
        (name, merged((value, right.named[name])) if name in right.named else value)
        for name, value in left.columns
    ]
    columns += [each for each in right.columns if each[0] not in left.named]
    return tuple(columns), left.influences | right.influences


def _grouping(relation: Relation, keys: Iterable[Value]) -> Relation:
    """Return a relation of which equal rows count once."""
    influences = relation.influences | influence(keys, Kind.GROUP_BY)
    return Relation(relation.columns, influences, relation.presence, relation.rest)


def _grouped(
    group: exp.Expr, node: exp.Select, scope: Scope, columns: Sequence[tuple[str, Value]]
) -> Iterable[Value]:
    """Return the keys of GROUP BY; those of GROUP BY ALL are the columns that no aggregate makes."""
    if group.args.get("all"):
        for item, (_, value) in zip(node.expressions, columns, strict=False):
            if item.find(exp.AggFunc) is None:
                yield value
        return
    sets = [
        *(group.args.get("grouping_sets") or ()),
        *(group.args.get("cube") or ()),
        *(group.args.get("rollup") or ()),
    ]
    for key in [*group.expressions, *sets]:
        yield from _listed(key, scope, columns)


def _listed(key: exp.Expr, scope: Scope, columns: Sequence[tuple[str, Value]]) -> Iterable[Value]:
    """Return the values of keys, which may be numbers of columns, and lists or sets of keys."""
    if isinstance(key, exp.Literal) and not key.is_string:
        place = int(key.name) - 1
        return [columns[place][1]] if 0 <= place < len(columns) else []
    if isinstance(key, (exp.Tuple, exp.Rollup, exp.Cube, exp.GroupingSets)):
        return [value for inner in key.expressions for value in _listed(inner, scope, columns)]
    if isinstance(key, exp.Paren):
        return _listed(key.this, scope, columns)
    return [value_of(key, scope)]


def _ordering(keys: Sequence[exp.Expr], scope: Scope, relation: Relation) -> Iterable[Value]:
    """Return the keys of ORDER BY, where a column of the result comes before one of the tables."""
    for key in keys:
        if isinstance(key, exp.Var) and key.name.upper() == "ALL":
            yield from (value for _, value in relation.columns)
        elif isinstance(key, exp.Column) and not key.table and key.name.lower() in relation.named:
            yield relation.named[key.name.lower()]
        else:
            yield from _listed(key, scope, relation.columns)
