"""Scopes: which names an expression may use, and the values that they stand for.

Names follow DuckDB: a column before an alias of the same SELECT (ORDER BY the other way round), a qualified
name before a field of a struct, an inner query before an outer one. All names are compared in lower case.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

from sqlglot import exp

from lineage.columns.edges import ROWS, Kind, RelationSchema
from lineage.columns.layouts import layout_of_type
from lineage.columns.values import NOTHING, Atom, Atoms, Value, merged, unresolved


@dataclass(frozen=True)
class Relation:
    """What a table, a subquery or a FROM item yields.

    Attributes:
        columns: Name and value of each column, in order; names may repeat.
        influences: Indirect inputs of its rows: filters, joins, groups.
        presence: Inputs whose rows are its rows; what `count(*)` counts.
        rest: The value of a column that is not listed, where the columns are not all known.
    """

    columns: tuple[tuple[str, Value], ...]
    influences: Atoms = NOTHING
    presence: Atoms = NOTHING
    rest: Callable[[str], Value] | None = None

    @cached_property
    def named(self) -> Mapping[str, Value]:
        """Values by name; of equal names the first."""
        found: dict[str, Value] = {}
        for name, value in self.columns:
            found.setdefault(name, value)
        return found

    def renamed(self, names: Sequence[str]) -> "Relation":
        """Return the relation with its first columns called otherwise, as `t(a, b)` does."""
        kept = self.columns[len(names) :]
        shown = zip(names, (value for _, value in self.columns), strict=False)
        return Relation((*shown, *kept), self.influences, self.presence, self.rest)

    def as_row(self) -> Value:
        """Return the relation's row as a struct."""
        return Value(fields=dict(self.named))


def table_relation(schema: RelationSchema) -> Relation:
    """Return a stored table or view."""
    columns = tuple(
        (
            name.lower(),
            Value(
                frozenset({Atom(schema.name, name.lower(), "", Kind.IDENTITY, is_open=True)}),
                layout=layout_of_type(kind),
            ),
        )
        for name, kind in schema.columns.items()
    )
    return Relation(columns, presence=rows_of(schema.name))


def unknown_relation(name: str) -> Relation:
    """Return a relation of which nothing is known but its name: what is read of it is believed."""
    return Relation(
        (),
        presence=rows_of(name),
        rest=lambda column: Value(frozenset({Atom(name, column, "", Kind.IDENTITY, is_open=True)})),
    )


def rows_of(name: str) -> Atoms:
    """Return the rows of a relation as an input."""
    return frozenset({Atom(name, ROWS, "", Kind.IDENTITY, is_open=False)})


class Reading(Protocol):
    """What expressions need of the reader of queries."""

    def query(self, node: exp.Expr, parent: "Scope") -> Relation:
        """Read a query inside another."""


@dataclass(frozen=True, slots=True)
class Source:
    """One item of a FROM clause.

    Attributes:
        alias: The name that columns are qualified with.
        qualifiers: The parts of a stored relation's full name, catalog first.
        hidden: Columns that USING has merged into those of an earlier item.
        is_visible: False for the right side of a semi or anti join, which only its condition sees.
    """

    alias: str
    qualifiers: tuple[str, ...]
    relation: Relation
    hidden: frozenset[str] = frozenset()
    is_visible: bool = True

    def answers_to(self, parts: Sequence[str]) -> bool:
        """Whether a qualifier means this item."""
        if len(parts) == 1:
            return parts[0] == self.alias
        return bool(self.qualifiers) and tuple(parts) == self.qualifiers[-len(parts) :]


@dataclass(slots=True)
class Scope:
    """The names of one query, or of one lambda.

    Attributes:
        reading: Who reads queries inside expressions.
        parent: The scope around it, for correlated queries and lambdas.
        tables: Common table expressions in sight, by name.
        sources: Items of FROM so far.
        merged: Columns merged by USING.
        variables: Parameters of a lambda.
        aliased: Expressions of the SELECT list by alias.
        windows: Named windows.
    """

    reading: Reading
    parent: "Scope | None" = None
    tables: dict[str, Relation] = field(default_factory=dict)
    sources: list[Source] = field(default_factory=list)
    merged: dict[str, Value] = field(default_factory=dict)
    variables: dict[str, Value] = field(default_factory=dict)
    aliased: dict[str, Callable[[], Value]] = field(default_factory=dict)
    windows: dict[str, exp.Expr] = field(default_factory=dict)
    _busy: set[str] = field(default_factory=set)

    def inner(self, **variables: Value) -> "Scope":
        """Return the scope of a query or a lambda inside this one."""
        return Scope(self.reading, parent=self, tables=dict(self.tables), variables=variables)

    def with_variables(self, names: Iterable[str], values: Iterable[Value]) -> "Scope":
        """Return the scope of a lambda's body."""
        return self.inner(**{name.lower(): value for name, value in zip(names, values, strict=False)})

    def find_source(self, qualifier: Sequence[str]) -> Source | None:
        """Return the item of FROM that a qualifier means, here or further out."""
        for scope in self._outward():
            for source in scope.sources:
                if source.answers_to(qualifier):
                    return source
        return None

    @property
    def visible(self) -> list[Source]:
        """Items of FROM whose columns may be selected."""
        return [source for source in self.sources if source.is_visible]

    @property
    def presence(self) -> Atoms:
        """What makes the rows of this query."""
        return NOTHING.union(*(source.relation.presence for source in self.visible))

    @property
    def counted(self) -> Atoms:
        """What makes the rows of the nearest query: a lambda has none of its own."""
        return next((scope.presence for scope in self._outward() if scope.sources), NOTHING)

    def alias_value(self, name: str) -> Value | None:
        """Return what an alias of the SELECT list stands for; None where there is none or it is itself."""
        if name not in self.aliased or name in self._busy:
            return None
        self._busy.add(name)
        try:
            return self.aliased[name]()
        finally:
            self._busy.discard(name)

    def resolve(self, parts: Sequence[str]) -> Value:
        """Return what a name stands for, which may lead into structs: `table.column.field.field`.

        Args:
            parts: The name's parts as they are spelled; a field keeps its spelling in paths.
        """
        lowered = [part.lower() for part in parts]
        for scope in self._outward():
            found = scope._known(lowered, parts)  # noqa: SLF001 - its own kind
            if found is not None:
                return found
        for scope in self._outward():
            found = scope._believed(lowered, parts)  # noqa: SLF001 - its own kind
            if found is not None:
                return found
        return unresolved(".".join(parts), "no relation in sight has a column of this name")

    def is_variable(self, name: str) -> bool:
        """Whether a bare word is a parameter of a lambda around it."""
        return any(name in scope.variables for scope in self._outward())

    def _outward(self) -> Iterator["Scope"]:
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.parent

    def _known(self, lowered: Sequence[str], parts: Sequence[str]) -> Value | None:
        if lowered[0] in self.variables:
            return _into(self.variables[lowered[0]], parts[1:])
        for length in range(min(len(parts) - 1, 3), 0, -1):
            for source in self.sources:
                value = source.relation.named.get(lowered[length])
                if value is not None and source.answers_to(lowered[:length]):
                    return _into(value, parts[length + 1 :])
        value = self._column(lowered[0])
        if value is None:
            value = self.alias_value(lowered[0])
        if value is None:
            row = next((source for source in self.sources if source.alias == lowered[0]), None)
            value = row.relation.as_row() if row is not None and row.relation.rest is None else None
        return None if value is None else _into(value, parts[1:])

    def _column(self, name: str) -> Value | None:
        if name in self.merged:
            return self.merged[name]
        for source in self.sources:
            value = source.relation.named.get(name)
            if value is not None:
                return value
        return None

    def _believed(self, lowered: Sequence[str], parts: Sequence[str]) -> Value | None:
        """Believe in a column of a relation whose columns are not known."""
        for length in range(min(len(parts) - 1, 3), 0, -1):
            for source in self.sources:
                if source.relation.rest is not None and source.answers_to(lowered[:length]):
                    return _into(source.relation.rest(lowered[length]), parts[length + 1 :])
        open_ones = [source.relation.rest for source in self.sources if source.relation.rest is not None]
        if len(open_ones) > 1:
            return unresolved(
                ".".join(parts), "it may belong to several relations whose columns are not known"
            )
        return _into(open_ones[0](lowered[0]), parts[1:]) if open_ones else None


def _into(value: Value, fields: Sequence[str]) -> Value:
    for name in fields:
        value = value.field(name)
    return value


def every_column(scope: Scope) -> Value:
    """Return all columns in sight as one value."""
    return merged(value for source in scope.visible for _, value in source.relation.columns)
