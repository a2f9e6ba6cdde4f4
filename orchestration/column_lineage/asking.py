"""What `assay lineage` answers: a walk over the edges of the current publication, or of the warehouse."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import duckdb

from lineage.columns import ColumnGraph, Place, Step, Walk, has_tables, unresolved_rows
from orchestration.errors import UsageError
from orchestration.workspace import Workspace


@contextmanager
def open_column_lineage(workspace: Workspace) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the newest published edges.

    Raises:
        UsageError: nothing is published, or it was published before lineage was kept.
    """
    database = workspace.current / "analyst.duckdb"
    if not database.exists():
        raise UsageError(f"Nothing is published in {workspace.root} yet. Make a publication with: assay run")
    with duckdb.connect(str(database), read_only=True) as con:
        if not has_tables(con, database.stem):
            raise UsageError(
                "The current publication holds no column lineage; it is older than that. Publish anew with: "
                "assay run --full-refresh"
            )
        yield con


def walk_document(walk: Walk) -> dict[str, Any]:
    """Return a walk as JSON for scripts."""
    return {
        "column": walk.start.text,
        "direction": walk.direction,
        "columns": [
            {**_place_document(place), "distance": distance}
            for place, distance in sorted(walk.places.items(), key=lambda each: (each[1], each[0]))
        ],
        "edges": [
            {"input": step.source.text, "output": step.target.text, "subtype": step.subtype}
            for step in walk.steps
        ],
    }


def walk_lines(walk: Walk) -> Iterator[str]:
    """Yield a walk for people: nearest first, each column with how it enters the next one."""
    word = "rests on" if walk.direction == "upstream" else "enters"
    yield f"{walk.start.text} {word} {len(walk.places) - 1} columns"
    uses = _uses(walk)
    last = 0
    for place, distance in sorted(walk.places.items(), key=lambda each: (each[1], each[0])):
        if distance == 0:
            continue
        if distance != last:
            yield f"{distance} {'edge' if distance == 1 else 'edges'} away"
            last = distance
        yield f"  {place.text.replace('.*', ' (its rows)')}  {', '.join(sorted(uses.get(place, ())))}"


def unresolved_lines(con: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """Yield what could not be followed, and the share that could."""
    rows = unresolved_rows(con)
    found = con.execute(
        "select count(*) filter (where origin <> 'unresolved'), count(*) from lineage.columns "
        "where relation like 'marts.%'"
    ).fetchone() or (0, 0)
    for relation, column, expression, reason in rows:
        spelled = f" ({expression})" if expression else ""
        yield f"{relation}.{column or '(its rows)'}: {reason}{spelled}"
    yield f"{len(rows)} unresolved; {found[0]} of {found[1]} mart columns are resolved"


def find_place(graph: ColumnGraph, column: str) -> Place:
    """Return the place that a name on the command line means."""
    return graph.find(column.removesuffix(".(its rows)"))


def _uses(walk: Walk) -> dict[Place, set[str]]:
    """Return how each place enters those that are nearer to the start, or how those enter it."""
    found: dict[Place, set[str]] = {}
    for step in walk.steps:
        found.setdefault(_far_end(walk, step), set()).add(step.subtype)
    return found


def _far_end(walk: Walk, step: Step) -> Place:
    return step.source if walk.direction == "upstream" else step.target


def _place_document(place: Place) -> dict[str, str]:
    return {"relation": place.relation, "column": place.column, "json_path": place.path, "name": place.text}
