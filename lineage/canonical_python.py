"""Canonical Python: what a step in Python does, as hashes that comments, docstrings and layout do not change.

Each top-level definition is hashed alone, so that a difference can be named. The spelling is made from the
syntax tree field by field and leaves out what is empty: other versions of Python add fields, and a patch
release must lapse nothing.
"""

import ast
import hashlib
import json
from typing import Any

from lineage.errors import DefinitionError

_REST = "<module>"


def python_parts(source: str, *, name: str) -> dict[str, str]:
    """Return the SHA-256 of each top-level definition of a module, and of everything else as `<module>`.

    Args:
        source: The text of the module.
        name: What the module is called in an error.

    Raises:
        DefinitionError: it cannot be parsed.
    """
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        raise DefinitionError(f"the step {name} is no Python that can be read: {error}") from error
    found: dict[str, list[Any]] = {}
    for statement in tree.body:
        if not _is_words(statement):
            found.setdefault(_name_of(statement), []).append(_spelled(statement))
    return {part: _sha256(spelled) for part, spelled in sorted(found.items())}


def imported_modules(source: str) -> set[str]:
    """Return the modules, or names in modules, that a module imports, each in full."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.update({node.module, *(f"{node.module}.{alias.name}" for alias in node.names)})
        elif isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
    return found


def _name_of(statement: ast.stmt) -> str:
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return statement.name
    if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
        return statement.targets[0].id
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        return statement.target.id
    return _REST


def _is_words(statement: ast.stmt) -> bool:
    """Whether a statement only explains: a docstring, or text that stands alone."""
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _spelled(node: Any) -> Any:
    if isinstance(node, ast.AST):
        fields = {
            name: _spelled(value)
            for name, value in ast.iter_fields(node)
            if value is not None and value != [] and name not in ("ctx", "kind", "type_comment")
        }
        if isinstance(node, ast.Constant):
            fields["value"] = f"{type(node.value).__name__} {node.value!r}"
        return [type(node).__name__, fields]
    if isinstance(node, list):
        return [_spelled(item) for item in node if not (isinstance(item, ast.stmt) and _is_words(item))]
    return node if isinstance(node, (str, int)) else repr(node)


def _sha256(spelled: Any) -> str:
    return hashlib.sha256(json.dumps(spelled, sort_keys=True, ensure_ascii=True).encode()).hexdigest()
