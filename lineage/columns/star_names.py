"""Stars: `*`, `t.*`, `struct.*`, EXCLUDE, REPLACE, RENAME, LIKE and `COLUMNS(…)`, as lists of columns."""

import re
from collections.abc import Iterator

from sqlglot import exp

from lineage.columns.scopes import Relation, Scope, Source
from lineage.columns.values import Value, unresolved

Named = tuple[str, Value]


def is_star(node: exp.Expr) -> bool:
    """Whether an item of a SELECT list stands for several columns by itself."""
    if isinstance(node, exp.Column):
        return isinstance(node.this, exp.Star)
    if isinstance(node, (exp.Like, exp.ILike, exp.SimilarTo, exp.RegexpLike, exp.Glob)):
        return isinstance(node.this, exp.Star)
    if isinstance(node, exp.Dot):
        return isinstance(node.expression, exp.Star)
    return isinstance(node, (exp.Star, exp.Columns))


def matching_columns(node: exp.Expr, scope: Scope) -> list[Named]:
    """Return the columns that a star or a COLUMNS expression stands for; REPLACE is the caller's."""
    if isinstance(node, exp.Columns):
        return _columns(node, scope)
    if isinstance(node, (exp.Like, exp.ILike, exp.SimilarTo, exp.RegexpLike, exp.Glob)):
        pattern = _pattern(node)
        found = matching_columns(node.this, scope)
        return found if pattern is None else [each for each in found if pattern.fullmatch(each[0])]
    if isinstance(node, exp.Column):
        star = node.this
        return _narrowed(star, _qualified(node, scope)) if isinstance(star, exp.Star) else []
    return _narrowed(node, list(_all_columns(scope)))


def star_of(node: exp.Expr) -> exp.Expr:
    """Return the star itself, which carries EXCLUDE, REPLACE and RENAME."""
    return node.this if isinstance(node, exp.Column) else node


def fields_of(value: Value) -> list[Named] | None:
    """Return a struct's fields; None where nobody knows them."""
    if value.fields is not None and not value.atoms:
        return list(value.fields.items())
    if isinstance(value.layout, dict):
        return [(name.lower(), value.field(name)) for name in value.layout]
    if value.fields is not None:
        return [(name, value.field(name)) for name in value.fields]
    return None


def visible_columns(source: Source) -> Iterator[Named]:
    """Yield the columns of an item of FROM that a star shows."""
    for name, value in source.relation.columns:
        if name not in source.hidden:
            yield name, value


def _all_columns(scope: Scope) -> Iterator[Named]:
    for source in scope.visible:
        for name, value in visible_columns(source):
            yield name, scope.merged.get(name, value)
        if source.relation.rest is not None:
            yield "*", _unknown(source.alias, source.relation)


def _unknown(alias: str, relation: Relation) -> Value:
    del relation
    return unresolved(f"{alias}.*", "the columns of this relation are not known")


def _qualified(node: exp.Column, scope: Scope) -> list[Named]:
    parts = [part.name for part in node.parts[:-1]]
    lowered = [part.lower() for part in parts]
    source = scope.find_source(lowered)
    if source is None:
        value = scope.resolve(parts)
        fields = fields_of(value)
        spelled = ".".join(parts) + ".*"
        return (
            fields
            if fields is not None
            else [("*", unresolved(spelled, "the struct's fields are not known"))]
        )
    if source.relation.rest is not None:
        return [*source.relation.columns, ("*", _unknown(source.alias, source.relation))]
    return [(name, value) for name, value in source.relation.columns]


def _columns(node: exp.Columns, scope: Scope) -> list[Named]:
    chosen = node.this
    if isinstance(chosen, exp.Star):
        return _narrowed(chosen, list(_all_columns(scope)))
    if isinstance(chosen, exp.Column) and isinstance(chosen.this, exp.Star):
        return matching_columns(chosen, scope)
    every = list(_all_columns(scope))
    if isinstance(chosen, exp.Literal):
        pattern = re.compile(chosen.name, re.IGNORECASE)
        return [each for each in every if pattern.search(each[0])]
    if isinstance(chosen, exp.Array) and all(isinstance(each, exp.Literal) for each in chosen.expressions):
        wanted = {each.name.lower() for each in chosen.expressions}
        return [each for each in every if each[0] in wanted]
    if isinstance(chosen, exp.Lambda):
        found = _lambda_pattern(chosen)
        if found is not None:
            return [each for each in every if found.fullmatch(each[0])]
    return [("*", unresolved(node.sql(dialect="duckdb"), "which columns it means is computed"))]


def _lambda_pattern(node: exp.Lambda) -> re.Pattern[str] | None:
    """Return the pattern of `lambda c: c like '…'`, `c = '…'` or `c in (…)`."""
    body = node.this
    if not isinstance(body.args.get("this"), exp.Identifier):
        return None
    if isinstance(body, exp.EQ) and isinstance(body.expression, exp.Literal):
        return re.compile(re.escape(body.expression.name), re.IGNORECASE)
    if isinstance(body, exp.In) and all(isinstance(each, exp.Literal) for each in body.expressions):
        return re.compile("|".join(re.escape(each.name) for each in body.expressions), re.IGNORECASE)
    return _pattern(body)


def _pattern(node: exp.Expr) -> re.Pattern[str] | None:
    if not isinstance(node.args.get("expression"), exp.Literal):
        return None
    text = node.expression.name
    if isinstance(node, (exp.Like, exp.ILike)):
        return re.compile(_of_like(text), re.IGNORECASE | re.DOTALL)
    if isinstance(node, exp.Glob):
        return re.compile(re.escape(text).replace(r"\*", ".*").replace(r"\?", "."), re.IGNORECASE | re.DOTALL)
    if isinstance(node, (exp.SimilarTo, exp.RegexpLike)):
        return re.compile(text, re.IGNORECASE)
    return None


def _of_like(text: str) -> str:
    return "".join({"%": ".*", "_": "."}.get(letter, re.escape(letter)) for letter in text)


def _narrowed(star: exp.Expr, found: list[Named]) -> list[Named]:
    """Apply EXCLUDE and RENAME."""
    left_out = {each.name.lower() for each in star.args.get("except_") or ()}
    renamed = {each.this.name.lower(): each.alias.lower() for each in star.args.get("rename") or ()}
    return [(renamed.get(name, name), value) for name, value in found if name not in left_out]
