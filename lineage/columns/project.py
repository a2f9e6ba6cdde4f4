"""The column lineage of a whole project: every model, step and export, from the source's fields to the files.

Relations come in the order of the data's journey. The columns that a model really has are those of the
built table; where they differ from what its SQL yields, or where it was never built, the difference is
listed as unresolved.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from lineage.columns.cache import LineageCache
from lineage.columns.edges import WHOLE_RELATION, ColumnEdge, ColumnLineage, RelationSchema, Unresolved

RelationKind = Literal["source", "declared", "model", "export"]
Origin = Literal["source", "derived", "constant", "unresolved"]


@dataclass(frozen=True, slots=True)
class Query:
    """A model or an export: a relation that SQL makes.

    Attributes:
        name: The relation, such as `marts.fct_changes`.
        sql: The SELECT that makes it.
        kind: What it is.
    """

    name: str
    sql: str
    kind: RelationKind = "model"


@dataclass(frozen=True, slots=True)
class DeclaredRelation:
    """A relation that no SQL makes; whoever writes it says what its columns rest on."""

    name: str
    columns: Mapping[str, str]
    edges: tuple[ColumnEdge, ...]
    kind: RelationKind = "declared"


@dataclass(frozen=True, slots=True)
class RelationColumn:
    """One column of one relation, and where its values come from."""

    relation: str
    relation_kind: RelationKind
    name: str
    position: int
    data_type: str
    origin: Origin


@dataclass(frozen=True, slots=True, order=True)
class ProjectEdge:
    """An edge and the relation that it leads to."""

    output_relation: str
    edge: ColumnEdge


@dataclass(frozen=True, slots=True)
class ProjectLineage:
    """Everything that is known of a project's columns, sorted."""

    columns: tuple[RelationColumn, ...]
    edges: tuple[ProjectEdge, ...]
    unresolved: tuple[tuple[str, Unresolved], ...]
    reads: tuple[tuple[str, str], ...] = field(default=())

    def resolved_share(self, prefix: str) -> tuple[int, int]:
        """Return how many columns of the relations that start so are resolved, and how many there are."""
        of_prefix = [each for each in self.columns if each.relation.startswith(prefix)]
        return sum(each.origin != "unresolved" for each in of_prefix), len(of_prefix)


def read_project(
    queries: Sequence[Query],
    declared: Iterable[DeclaredRelation],
    schemas: Mapping[str, RelationSchema],
    *,
    cache: LineageCache,
    as_known: Callable[[Sequence[ColumnEdge]], Iterable[ColumnEdge]] = tuple,
) -> ProjectLineage:
    """Read every query of a project.

    Args:
        queries: Models and exports, each after those that it reads.
        declared: What no SQL makes.
        schemas: Stored relations by every name that SQL may use for them.
        cache: Where read queries are kept; it is saved.
        as_known: Spells a query's edges as the organisation knows their inputs: a raw table as its stream.
    """
    known = dict(schemas)
    collected = _Collected()
    for relation in declared:
        collected.add_declared(relation)
    for query in queries:
        found = cache.read(query.sql, known)
        built = schemas.get(query.name)
        if built is None:
            known[query.name] = RelationSchema(query.name, dict.fromkeys(found.columns, ""))
        collected.add(query, found, built, as_known(found.edges))
    cache.save()
    return collected.finished()


class _Collected:
    """What has been read so far."""

    def __init__(self) -> None:
        self._columns: dict[tuple[str, str], RelationColumn] = {}
        self._edges: set[ProjectEdge] = set()
        self._unresolved: set[tuple[str, Unresolved]] = set()

    def add_declared(self, relation: DeclaredRelation) -> None:
        """Take in what a step says of its result."""
        self._edges |= {ProjectEdge(relation.name, edge) for edge in relation.edges}
        with_edge = {edge.output_column for edge in relation.edges}
        for position, (name, kind) in enumerate(relation.columns.items()):
            origin: Origin = "derived" if name in with_edge or WHOLE_RELATION in with_edge else "source"
            column = RelationColumn(relation.name, relation.kind, name, position, kind, origin)
            self._columns[relation.name, name] = column

    def add(
        self,
        query: Query,
        found: ColumnLineage,
        built: RelationSchema | None,
        edges: Iterable[ColumnEdge],
    ) -> None:
        """Take in a read query."""
        self._edges |= {ProjectEdge(query.name, edge) for edge in edges}
        unresolved = {(query.name, each) for each in found.unresolved}
        shown = dict(built.columns) if built is not None else dict.fromkeys(found.columns, "")
        for name in shown.keys() - set(found.columns):
            unresolved.add((query.name, Unresolved(name, "", "the table has this column, its SQL does not")))
        self._unresolved |= unresolved
        unknown = {each.output_column for _, each in unresolved}
        derived = {edge.output_column for edge in found.edges}
        for position, (name, kind) in enumerate(shown.items()):
            origin: Origin = "unresolved" if name in unknown else "derived" if name in derived else "constant"
            self._columns[query.name, name] = RelationColumn(
                query.name, query.kind, name, position, kind, origin
            )

    def finished(self) -> ProjectLineage:
        """Return everything, sorted, with the sources that were met on the way."""
        for each in self._edges:
            self._add_source(each.edge)
        reads = {(each.output_relation, each.edge.input_relation) for each in self._edges}
        return ProjectLineage(
            tuple(sorted(self._columns.values(), key=lambda each: (each.relation, each.position, each.name))),
            tuple(sorted(self._edges, key=_order)),
            tuple(sorted(self._unresolved)),
            tuple(sorted(reads)),
        )

    def _add_source(self, edge: ColumnEdge) -> None:
        place = (edge.input_relation, edge.input_column)
        if place not in self._columns and edge.input_column != "*":
            self._columns[place] = RelationColumn(*place[:1], "source", edge.input_column, 0, "", "source")


def _order(each: ProjectEdge) -> tuple[str, ...]:
    edge = each.edge
    return (
        *(each.output_relation, edge.output_column, edge.input_relation, edge.input_column, edge.json_path),
        edge.kind.name,
    )
