"""FROM: tables, subqueries, functions, joins, UNNEST, LATERAL and VALUES."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from sqlglot import exp

from lineage.columns import function_names as names
from lineage.columns.edges import Kind, RelationSchema
from lineage.columns.expressions import function_name, value_of
from lineage.columns.pivots import pivoted
from lineage.columns.scopes import Relation, Scope, Source, table_relation, unknown_relation
from lineage.columns.star_names import fields_of
from lineage.columns.values import CONSTANT, NOTHING, Atoms, Value, computed, influence, merged, unresolved

_LEFT_ONLY = frozenset({"SEMI", "ANTI"})


class FromReader:
    """Reads the items of FROM clauses."""

    def __init__(
        self, schemas: Mapping[str, RelationSchema], query: Callable[[exp.Expr, Scope], Relation]
    ) -> None:
        self._schemas = schemas
        self._query = query
        self._tables: dict[str, Relation] = {}

    def fill(self, node: exp.Select, scope: Scope) -> Atoms:
        """Put the items of a FROM clause into the scope, and return what they and their joins let in."""
        found = NOTHING
        from_ = node.args.get("from_")
        if from_ is not None:
            found |= self._add(from_.this, scope)
        for join in [*(node.args.get("joins") or ()), *(node.args.get("laterals") or ())]:
            found |= self._join(join, scope)
        return found

    def relation(self, node: exp.Expr, scope: Scope) -> Relation:
        """Return what one item yields, without the joins that hang on it."""
        if isinstance(node, exp.Table):
            found = self._table(node, scope)
        elif isinstance(node, exp.Subquery):
            found = self.wrapped(node, scope)
        elif isinstance(node, exp.Lateral):
            found = self.relation(node.this, scope)
        elif isinstance(node, exp.Unnest):
            found = _unnested(node, scope)
        elif isinstance(node, exp.Values):
            found = _values(node, scope)
        elif isinstance(node, (exp.Query, exp.Pivot)):
            found = self._query(node, scope)
        elif isinstance(node, exp.Func):
            found = _function(node, scope)
        else:
            spelled = node.sql(dialect="duckdb")
            found = Relation((("*", unresolved(spelled, "this kind of relation is not read")),))
        for pivot in node.args.get("pivots") or ():
            found = pivoted(pivot, found, scope)
        return found

    def wrapped(self, node: exp.Subquery, scope: Scope) -> Relation:
        """Return what stands in brackets: a query, a table, or a group of joins."""
        if isinstance(node.this, exp.Table):
            inner = scope.inner()
            influences = self._add(node.this, inner)
            columns = tuple(each for source in inner.visible for each in source.relation.columns)
            return Relation(columns, influences, inner.presence)
        return self._query(node.this, scope)

    def _add(self, node: exp.Expr, scope: Scope) -> Atoms:
        if isinstance(node, exp.Subquery) and isinstance(node.this, exp.Table) and not node.alias:
            return self._add(node.this, scope)  # joins in brackets: their tables are seen from outside
        source = self._source(node, scope)
        scope.sources.append(source)
        found = source.relation.influences
        for join in node.args.get("joins") or ():  # joins in brackets hang on the first table
            found |= self._join(join, scope)
        return found

    def _source(self, node: exp.Expr, scope: Scope) -> Source:
        relation = self.relation(node, scope)
        alias = node.args.get("alias")
        columns = (
            [each.name.lower() for each in (alias.args.get("columns") or ())]
            if isinstance(alias, exp.TableAlias)
            else []
        )
        if columns:
            relation = relation.renamed(columns)
        name = node.alias_or_name.lower()
        if isinstance(node, exp.Unnest) and not columns and name and len(relation.columns) == 1:
            relation = relation.renamed([name])  # the name of the table is that of its one column too
        if isinstance(node, exp.Table) and not isinstance(node.this, exp.Identifier):
            name = name or function_name(node.this)
            if not columns and node.alias and len(relation.columns) == 1:
                relation = relation.renamed([name])
        qualifiers: tuple[str, ...] = ()
        if isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier) and not node.alias:
            qualifiers = tuple(part.name.lower() for part in node.parts)
        return Source(name, qualifiers, relation)

    def _table(self, node: exp.Table, scope: Scope) -> Relation:
        if not isinstance(node.this, exp.Identifier):
            return _function(node.this, scope)
        dotted = ".".join(part.name.lower() for part in node.parts)
        if dotted in scope.tables:
            return scope.tables[dotted]
        if dotted not in self._tables:
            schema = next((self._schemas[name] for name in _names_of(dotted) if name in self._schemas), None)
            self._tables[dotted] = table_relation(schema) if schema else unknown_relation(dotted)
        return self._tables[dotted]

    def _join(self, join: exp.Expr, scope: Scope) -> Atoms:
        """Add the right side of a join, and return what the join and its condition let in."""
        item = join.this if isinstance(join, exp.Join) else join
        before = list(scope.sources)
        found = self._add(item, scope)
        right = scope.sources[len(before)]
        kind = str(join.args.get("kind") or "").upper()
        on, using = join.args.get("on"), join.args.get("using")
        if on is not None:
            found |= influence([value_of(on, scope)], Kind.JOIN)
        keys = [each.name.lower() for each in using or ()]
        if str(join.args.get("method") or "").upper() == "NATURAL":
            keys = [
                name for name in right.relation.named if any(name in each.relation.named for each in before)
            ]
        if keys:
            found |= self._merge(keys, before, scope, side=str(join.args.get("side") or "").upper())
        if kind in _LEFT_ONLY:
            found |= (
                influence([Value(right.relation.presence)], Kind.JOIN) if on is None and not keys else NOTHING
            )
            for place in range(len(before), len(scope.sources)):
                scope.sources[place] = replace(scope.sources[place], is_visible=False)
        return found

    def _merge(self, keys: Sequence[str], before: Sequence[Source], scope: Scope, *, side: str) -> Atoms:
        """Merge the columns of USING: the left one, the right one of a right join, either of a full one."""
        right = scope.sources[len(before)]
        found = NOTHING
        for key in keys:
            left_value = scope.merged.get(key) or _first_of(before, key)
            right_value = _column_of(right, key)
            if left_value is None or right_value is None:
                found |= unresolved(key, "USING names a column that one side does not have").atoms
                continue
            found |= influence([left_value, right_value], Kind.JOIN)
            either = {"RIGHT": right_value, "FULL": merged((left_value, right_value))}
            scope.merged[key] = either.get(side, left_value)
        scope.sources[len(before)] = replace(right, hidden=right.hidden | frozenset(keys))
        return found


def _names_of(dotted: str) -> list[str]:
    """Return the names that a relation may be known under, the fullest first."""
    parts = dotted.split(".")
    return [".".join(parts[start:]) for start in range(len(parts))]


def _first_of(sources: Sequence[Source], name: str) -> Value | None:
    return next((value for value in (_column_of(each, name) for each in sources) if value is not None), None)


def _column_of(source: Source, name: str) -> Value | None:
    if source.relation.rest is not None and name not in source.relation.named:
        return source.relation.rest(name)
    return source.relation.named.get(name)


def _unnested(node: exp.Unnest, scope: Scope) -> Relation:
    """Return the rows that lists make, one column for each list, and a struct's fields where it is one."""
    given = [value_of(each, scope) for each in node.expressions]
    columns = []
    for value in given:
        element = value.elements()
        fields = fields_of(element) if element.atoms == NOTHING or isinstance(element.layout, dict) else None
        columns += (
            fields
            if fields is not None and len(given) == 1 and not _column_names(node)
            else [("unnest", element)]
        )
    offset = node.args.get("offset")
    if offset:
        name = offset.name.lower() if isinstance(offset, exp.Expr) else "ordinality"
        columns.append((name, CONSTANT))
    presence = frozenset(atom for value in given for atom in value.flat())
    return Relation(tuple(columns), presence=presence)


def _column_names(node: exp.Expr) -> list[str]:
    alias = node.args.get("alias")
    return (
        [each.name for each in alias.args.get("columns") or ()] if isinstance(alias, exp.TableAlias) else []
    )


def _values(node: exp.Values, scope: Scope) -> Relation:
    rows = [row.expressions if isinstance(row, exp.Tuple) else [row] for row in node.expressions]
    places = zip(*rows, strict=False)
    return Relation(
        tuple(
            (f"col{place}", merged(value_of(each, scope) for each in cells))
            for place, cells in enumerate(places)
        )
    )


def _function(node: exp.Expr, scope: Scope) -> Relation:
    """Return what a table function yields; its columns rest on its arguments."""
    name = function_name(node)
    if isinstance(node, exp.GenerateSeries):
        name = "range" if node.args.get("is_end_exclusive") else "generate_series"
    arguments = computed(value_of(each, scope) for each in node.iter_expressions())
    presence = frozenset(atom._replace(kind=Kind.IDENTITY) for atom in arguments.atoms if atom.kind.is_direct)
    if name in names.TABLE_FUNCTION_COLUMNS:
        columns = tuple((column, arguments) for column in names.TABLE_FUNCTION_COLUMNS[name])
        return Relation(columns, presence=presence)
    if arguments.atoms:
        return Relation((), presence=presence, rest=lambda _column: arguments)
    return unknown_relation(node.sql(dialect="duckdb"))
