"""A cache of read queries: one is read again only when its SQL or a relation that it reads has changed.

An entry holds for one SQL text together with what each relation that was looked up had for columns. The
parser's version and the version of the rules below are part of it, so that neither leaves old answers
behind.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from lineage.columns.edges import ColumnEdge, ColumnLineage, Kind, RelationSchema, Unresolved
from lineage.columns.reading import read_lineage

_KINDS = {int(kind): kind for kind in Kind}
_RULES = 1
"""Raise it when the same SQL gives other edges than before."""


class LineageCache:
    """Read queries by their SQL.

    Args:
        path: The file; None keeps nothing between processes. A damaged file counts as an empty one.

    Attributes:
        hits: How many queries were answered without reading them.
        misses: How many were read.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._known: Mapping[str, Any] = _load(path) if path is not None else {}
        self._used: dict[str, Any] = {}
        self._spell = _Spelling()
        self.hits = 0
        self.misses = 0

    def read(self, sql: str, schemas: Mapping[str, RelationSchema]) -> ColumnLineage:
        """Return the lineage of a query, see `read_lineage`."""
        key = hashlib.sha256(sql.encode()).hexdigest()
        entry = self._known.get(key)
        if entry is not None and self._still_holds(entry["reads"], schemas):
            self.hits += 1
            self._used[key] = entry
            return _from_document(entry)
        self.misses += 1
        recorded = _Recorder(schemas, self._spell)
        found = read_lineage(sql, recorded)
        self._used[key] = {"reads": recorded.seen, **_to_document(found)}
        return found

    def _still_holds(self, reads: Mapping[str, str], schemas: Mapping[str, RelationSchema]) -> bool:
        return all(self._spell(schemas.get(name)) == spelled for name, spelled in reads.items())

    def save(self) -> None:
        """Write what was used since; entries that nobody asked for are forgotten."""
        if self._path is None or (not self.misses and len(self._used) == len(self._known)):
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        document = {"versions": _versions(), "queries": self._used}
        handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=self._path.name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(document, file, separators=(",", ":"))
            Path(name).replace(self._path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


class _Recorder(Mapping[str, RelationSchema]):
    """The schemas, and a note of every name that was asked for and what it was."""

    def __init__(self, schemas: Mapping[str, RelationSchema], spell: "_Spelling") -> None:
        self._schemas = schemas
        self._spell = spell
        self.seen: dict[str, str] = {}

    def __getitem__(self, name: str) -> RelationSchema:
        found = self._schemas.get(name)
        self.seen[name] = self._spell(found)
        if found is None:
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._schemas)

    def __len__(self) -> int:
        return len(self._schemas)


class _Spelling:
    """Hashes of schemas, each made once: a project's models look at the same relations again and again."""

    def __init__(self) -> None:
        self._known: dict[
            int, tuple[RelationSchema, str]
        ] = {}  # holds the schema, so that its id stays its own

    def __call__(self, schema: RelationSchema | None) -> str:
        if schema is None:
            return ""
        known = self._known.get(id(schema))
        if known is None:
            spelled = json.dumps([schema.name, list(schema.columns.items())])
            known = self._known[id(schema)] = (schema, hashlib.sha256(spelled.encode()).hexdigest())
        return known[1]


def _versions() -> dict[str, Any]:
    return {"rules": _RULES, "sqlglot": version("sqlglot")}


def _load(path: Path) -> Mapping[str, Any]:
    try:
        document = json.loads(path.read_bytes())
        queries = document["queries"] if document["versions"] == _versions() else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return queries if isinstance(queries, dict) else {}


def _to_document(lineage: ColumnLineage) -> dict[str, Any]:
    edges = [
        [each.output_column, each.input_relation, each.input_column, each.json_path, int(each.kind)]
        for each in lineage.edges
    ]
    unresolved = [[each.output_column, each.expression, each.reason] for each in lineage.unresolved]
    return {"columns": list(lineage.columns), "edges": edges, "unresolved": unresolved}


def _from_document(document: Mapping[str, Any]) -> ColumnLineage:
    edges = tuple(
        ColumnEdge(each[0], each[1], each[2], each[3], _KINDS[each[4]]) for each in document["edges"]
    )
    unresolved = tuple(Unresolved(*each) for each in document["unresolved"])
    return ColumnLineage(tuple(document["columns"]), edges, unresolved)
