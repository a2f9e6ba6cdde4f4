"""Paths inside a column: spelling them, and reading them from SQL.

A path is spelled as JSONPath does: `$` is the whole, `.name` a field, `[*]` the elements of a list. A place
in a list by number is not kept apart from its neighbours: lineage says which field is read, not which
element.
"""

import re

from sqlglot import exp

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
ROOT = "$"


def field_step(name: str) -> str:
    """Return the step to a field."""
    return f".{name}" if _PLAIN.match(name) else f'["{name}"]'


ELEMENT_STEP = "[*]"


def extended(path: str, step: str) -> str:
    """Return a path with one more step."""
    return f"{path or ROOT}{step}"


def steps_of(path: exp.Expr) -> tuple[str, ...] | None:
    """Return the steps of a path that stands in SQL as a literal; None where it is computed."""
    if isinstance(path, exp.JSONPath):
        return _steps_of_parsed(path)
    if isinstance(path, exp.Literal):
        return _steps_of_text(path.name, is_text=path.is_string)
    return None


def _steps_of_parsed(path: exp.JSONPath) -> tuple[str, ...] | None:
    steps: list[str] = []
    for part in path.expressions:
        if isinstance(part, exp.JSONPathRoot):
            continue
        if isinstance(part, exp.JSONPathKey) and isinstance(part.this, str):
            steps.append(field_step(part.this))
        elif isinstance(part, (exp.JSONPathSubscript, exp.JSONPathKey, exp.JSONPathWildcard)):
            steps.append(ELEMENT_STEP)
        else:
            return None
    return tuple(steps)


_TEXT_STEP = re.compile(r'\.(?:"([^"]+)"|([^.\[*"]+)|(\*))|\[(?:\d+|\*|#-?\d+)\]|\["([^"]+)"\]')


def _steps_of_text(text: str, *, is_text: bool) -> tuple[str, ...] | None:
    """Read a path, a JSON pointer or a bare key, which DuckDB's functions take alike."""
    if not is_text:
        return (ELEMENT_STEP,)
    if text.startswith("/"):
        return tuple(ELEMENT_STEP if key.isdigit() else field_step(key) for key in text[1:].split("/"))
    if not text.startswith(ROOT):
        return (field_step(text),)
    steps: list[str] = []
    at = len(ROOT)
    while at < len(text):
        found = _TEXT_STEP.match(text, at)
        if found is None:
            return None
        key = found[1] or found[2] or found[4]
        steps.append(field_step(key) if key else ELEMENT_STEP)
        at = found.end()
    return tuple(steps)
