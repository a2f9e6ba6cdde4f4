"""Reading the column lineage of one query."""

from collections.abc import Iterable, Mapping, Sequence

from sqlglot import exp
from sqlglot.errors import SqlglotError

from lineage.columns.edges import WHOLE_RELATION, ColumnEdge, ColumnLineage, RelationSchema, Unresolved
from lineage.columns.layouts import parse
from lineage.columns.queries import QueryReader
from lineage.columns.scopes import Relation
from lineage.columns.values import Atom


def read_lineage(sql: str, schemas: Mapping[str, RelationSchema]) -> ColumnLineage:
    """Return every input of every column of a query in DuckDB's SQL.

    Args:
        sql: One SELECT, with or without common table expressions, or a CREATE TABLE that is made of one.
        schemas: The relations that it may read, by the dotted names that it may use for them (in lower
            case). A relation that is not among them is believed to have the columns that are read of it.

    What cannot be followed is listed as unresolved with a reason; this never raises for what stands in the
    SQL.
    """
    try:
        tree = parse(sql)
    except SqlglotError as error:
        reason = str(error).splitlines()[0] if str(error) else "the parser does not know this statement"
        return unread_query(f"it cannot be parsed: {reason}")
    if isinstance(tree, exp.Command) or tree.find(exp.Command):
        return unread_query("the parser does not know this statement")
    if isinstance(tree, exp.Create) and tree.expression is not None:
        tree = tree.expression
    try:
        relation = QueryReader(schemas).top(tree)
    except RecursionError:
        return unread_query("it is nested too deeply")
    return _lineage(relation)


def unread_query(reason: str, *, columns: Sequence[str] = ("*",)) -> ColumnLineage:
    """Return the lineage of a query that could not be read at all."""
    listed = tuple(Unresolved(name, "", reason) for name in (*columns, WHOLE_RELATION))
    return ColumnLineage(tuple(name for name in columns if name != "*"), (), tuple(sorted(listed)))


def _lineage(relation: Relation) -> ColumnLineage:
    columns = _distinct([name for name, _ in relation.columns])
    edges: set[ColumnEdge] = set()
    unknown: set[Unresolved] = set()
    for name, (_, value) in zip(columns, relation.columns, strict=True):
        _split(name, value.flat(), edges, unknown)
    _split(WHOLE_RELATION, relation.influences, edges, unknown)
    return ColumnLineage(
        tuple(name for name in columns if name != "*"), tuple(sorted(edges)), tuple(sorted(unknown))
    )


def _split(name: str, atoms: Iterable[Atom], edges: set[ColumnEdge], unknown: set[Unresolved]) -> None:
    for atom in atoms:
        if atom.relation is None:
            unknown.add(Unresolved(name, atom.column, atom.path))
        else:
            edges.add(ColumnEdge(name, atom.relation, atom.column, atom.path, atom.kind))


def _distinct(names: Sequence[str]) -> list[str]:
    """Name repeated columns as a stored table does: `a`, `a_1`."""
    seen: dict[str, int] = {}
    found = []
    for name in names:
        count = seen.get(name, 0)
        seen[name] = count + 1
        found.append(f"{name}_{count}" if count and name != "*" else name)
    return found
