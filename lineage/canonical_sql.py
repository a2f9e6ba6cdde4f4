"""Canonical SQL: one spelling per meaning, as far as formatting goes.

White space, comments, the case of keywords and identifiers, and quoting do not matter; every literal,
operator, column and clause does. What only might mean the same is told apart: the order of predicates and of
common table expressions, aliases, synonyms of functions. The parser's version is pinned, because its spelling
enters hashes; see docs/definitions.md.
"""

from collections import Counter
from collections.abc import Iterator

import sqlglot
from sqlglot import TokenType, exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.normalize_identifiers import normalize_identifiers

_DIALECT = "duckdb"
_OPTIONAL = frozenset({"AS", "ASC", "INNER", "OUTER", "CAST", "SELECT"})
"""Words that change no meaning: `a b` is `a as b`, and `a::int` is `cast(a as int)`."""
_SYNONYMS = {
    "INTEGER": "INT",
    "INT4": "INT",
    "VARCHAR": "TEXT",
    "STRING": "TEXT",
    "TIMESTAMP_TZ": "TIMESTAMPTZ",
}
_OPENING, _CLOSING = ("(", "[", "{"), (")", "]", "}")
_NO_WORD = frozenset({TokenType.STRING})


def canonical_sql(sql: str) -> str:
    """Return the canonical spelling of one or more DuckDB statements or of an expression.

    What the parser does not know is spelled token by token: still without comments and white space. Where its
    spelling has lost or replaced a word of the original, the words are added, so that two texts that a parser
    reads alike by mistake are still told apart.
    """
    try:
        trees = [tree for tree in sqlglot.parse(lower_words(sql), read=_DIALECT) if tree is not None]
    except SqlglotError:
        return _by_tokens(sql)
    if not trees or any(tree.find(exp.Command) for tree in trees):
        return _by_tokens(sql)
    spelled = ";\n".join(spell(tree) for tree in trees)
    return spelled + _replaced_words(sql, spelled)


def lower_words(sql: str) -> str:
    """Write keywords and names in small letters; texts, quoted names and the keys of structs keep their case.

    A parser keeps the case of some words (frames of windows) and compares that of others (lambdas).

    Raises:
        SqlglotError: the text cannot even be cut into tokens.
    """
    parts: list[str] = []
    brackets: list[str] = []
    end, before = 0, ""
    tokens = sqlglot.tokenize(sql, read=_DIALECT)
    for token, follower in zip(tokens, [*tokens[1:], None], strict=True):
        text = sql[token.start : token.end + 1]
        if text in _CLOSING and brackets:
            brackets.pop()
        is_key = brackets[-1:] == ["{"] and before in ("{", ",") and follower and follower.text == ":"
        is_kept = is_key or "'" in text or '"' in text
        parts += [sql[end : token.start], text if is_kept else text.lower()]
        if text in _OPENING:
            brackets.append(text)
        end, before = token.end + 1, text
    return "".join([*parts, sql[end:]])


def spell(tree: exp.Expr) -> str:
    """Return the canonical spelling of a parsed tree."""
    for pair in tree.find_all(exp.PropertyEQ):
        for name in pair.this.find_all(exp.Identifier):
            name.meta["case_sensitive"] = True  # the key of a struct becomes text in JSON
    normal = normalize_identifiers(tree, dialect=_DIALECT)
    return normal.sql(dialect=_DIALECT, comments=False, identify=True, pretty=False)


def pretty_sql(canonical: str) -> str:
    """Lay canonical SQL out for reading; what the parser does not know stays as it is."""
    try:
        trees = [tree for tree in sqlglot.parse(canonical, read=_DIALECT) if tree is not None]
        return ";\n".join(tree.sql(dialect=_DIALECT, pretty=True) for tree in trees)
    except SqlglotError:
        return canonical


def _replaced_words(sql: str, spelled: str) -> str:
    """Name the words that only one of two spellings has."""
    before, after = Counter(_words(sql)), Counter(_words(spelled))
    lost, added = sorted((before - after).elements()), sorted((after - before).elements())
    if not lost and not added:
        return ""
    return f"\n-- {' '.join(lost)} -> {' '.join(added)}"


def _words(sql: str) -> Iterator[str]:
    """Yield keywords, names and numbers; texts are kept by every spelling."""
    for token in sqlglot.tokenize(sql, read=_DIALECT):
        for part in token.text.upper().split():
            word = _SYNONYMS.get(part, part)
            if token.token_type not in _NO_WORD and word[0].isalnum() and word not in _OPTIONAL:
                yield word


def _by_tokens(sql: str) -> str:
    try:
        tokens = sqlglot.tokenize(sql, read=_DIALECT)
    except SqlglotError:
        return " ".join(sql.split())
    return "tokens: " + " ".join(
        repr(token.text) if token.token_type == TokenType.STRING else token.text.lower() for token in tokens
    )
