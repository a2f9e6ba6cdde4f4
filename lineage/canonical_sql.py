"""Canonical SQL: one spelling per meaning, as far as formatting goes.

White space, comments, the case of keywords and identifiers, and quoting do not matter; every literal,
operator, column and clause does. The parser's version is pinned, because its spelling enters hashes.
"""

import sqlglot
from sqlglot import TokenType, exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.normalize_identifiers import normalize_identifiers

_DIALECT = "duckdb"


def canonical_sql(sql: str) -> str:
    """Return the canonical spelling of one or more DuckDB statements or of an expression.

    What the parser does not know is spelled token by token: still without comments and white space.
    """
    try:
        trees = [tree for tree in sqlglot.parse(sql, read=_DIALECT) if tree is not None]
    except SqlglotError:
        return _by_tokens(sql)
    if not trees or any(tree.find(exp.Command) for tree in trees):
        return _by_tokens(sql)
    return ";\n".join(_spelled(tree) for tree in trees)


def _spelled(tree: exp.Expr) -> str:
    normal = normalize_identifiers(tree, dialect=_DIALECT)
    return normal.sql(dialect=_DIALECT, comments=False, identify=True, pretty=False)


def _by_tokens(sql: str) -> str:
    try:
        tokens = sqlglot.tokenize(sql, read=_DIALECT)
    except SqlglotError:
        return " ".join(sql.split())
    return "tokens: " + " ".join(
        repr(token.text) if token.token_type == TokenType.STRING else token.text.lower() for token in tokens
    )
