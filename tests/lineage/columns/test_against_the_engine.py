"""Column lineage against DuckDB itself: where changing an input changes an output, there must be an edge.

Each shape is run over small random tables; then one input column is drawn anew and the query run again. An
output column whose values changed must rest on that input, directly or through the rows of the whole
output.
"""

import json
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import duckdb
import pytest

from lineage.columns import ROWS, WHOLE_RELATION, ColumnLineage
from tests.lineage.columns.shapes import SHAPES, TABLES, Shape
from tests.lineage.columns.test_shapes import lineage_of

ROW_COUNT = 6
EVERY_COLUMN = [(table, column) for table, columns in TABLES.items() for column in columns]
UNSTABLE = {
    "an unnested document": "unnest needs an array; every body is an object here",
    "a page of records, as staging reads it": "see above",
}


def drawn(kind: str, rng: random.Random) -> Any:
    """Draw a value of a type, from few, so that joins and filters meet some."""
    number = rng.randint(1, 3)
    if kind == "INTEGER":
        return number
    if kind == "VARCHAR":
        return rng.choice(["x", "y", "z"])
    document = {"a": rng.choice(["p", "q"]), "b": str(number), "a b": number}
    made = {
        "INTEGER[]": lambda: [rng.randint(1, 3) for _ in range(number)],
        "JSON": lambda: json.dumps({"a": {"b": number}, "x": rng.randint(1, 3)}),
        "MAP(VARCHAR, INTEGER)": lambda: {"k": number},
        "BLOB": lambda: json.dumps([document]).encode(),
    }
    if kind in made:
        return made[kind]()
    struct = {"x": number, "y": {"z": rng.randint(1, 3)}}
    return struct if kind.startswith("STRUCT(x") else [{"p": number, "q": rng.choice(["x", "y"])}]


def table_values(rng: random.Random) -> dict[str, dict[str, list[Any]]]:
    values = {
        table: {name: [drawn(kind, rng) for _ in range(ROW_COUNT)] for name, kind in columns.items()}
        for table, columns in TABLES.items()
    }
    values["n"]["body"] = [body(rng) for _ in range(ROW_COUNT)]
    return values


def body(rng: random.Random) -> str:
    inner = json.dumps({"id": rng.randint(1, 9)})
    return json.dumps({"a": rng.choice([inner, {"b": str(rng.randint(1, 9))}]), "b": rng.randint(1, 9)})


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 1}) as con:
        con.execute("create schema raw")
        yield con


def fill(engine: duckdb.DuckDBPyConnection, table: str, columns: Mapping[str, list[Any]]) -> None:
    kinds = TABLES[table]
    engine.execute(
        f"create or replace table {table} ({', '.join(f'{name} {kinds[name]}' for name in columns)})"
    )
    rows = list(zip(*columns.values(), strict=True))
    cells = ", ".join(["(" + ", ".join("?" * len(columns)) + ")"] * len(rows))
    engine.execute(f"insert into {table} values {cells}", [cell for row in rows for cell in row])


def result_columns(engine: duckdb.DuckDBPyConnection, sql: str) -> list[Counter[str]]:
    """Return the values of each output column, without their order among rows."""
    found = engine.execute(sql)
    width = len(found.description or ())
    rows = found.fetchall()
    return [Counter(repr(row[place]) for row in rows) for place in range(width)]


@pytest.mark.parametrize("shape", SHAPES, ids=[shape.name for shape in SHAPES])
def test_an_input_that_changes_an_output_has_an_edge_to_it(
    shape: Shape, engine: duckdb.DuckDBPyConnection
) -> None:
    if shape.name in UNSTABLE:
        pytest.skip(UNSTABLE[shape.name])
    rng = random.Random(shape.name)
    lineage = lineage_of(shape.sql)
    values, redrawn = table_values(rng), table_values(rng)
    for table, columns in values.items():
        fill(engine, table, columns)
    before = result_columns(engine, shape.sql)
    assert len(before) == len(lineage.columns)
    for table, column in sorted(read_columns(lineage) | set(rng.sample(EVERY_COLUMN, 6))):
        fill(engine, table, {**values[table], column: redrawn[table][column]})
        after = result_columns(engine, shape.sql)
        fill(engine, table, values[table])
        for name, old, new in zip(lineage.columns, before, after, strict=True):
            is_read = (table, column) in read_columns(lineage, of=(name, WHOLE_RELATION))
            assert is_read or old == new, f"{table}.{column} changes {name}"


def read_columns(lineage: ColumnLineage, *, of: Sequence[str] | None = None) -> set[tuple[str, str]]:
    return {
        (edge.input_relation, edge.input_column)
        for edge in lineage.edges
        if edge.input_column != ROWS and (of is None or edge.output_column in of)
    }


def test_the_engine_contradicts_a_lineage_that_lacks_an_edge(engine: duckdb.DuckDBPyConnection) -> None:
    fill(engine, "t", {"a": [1, 2], "b": [5, 5], "c": ["x", "y"], "d": [0, 0]})
    before = result_columns(engine, "select b from t where a > 1")
    fill(engine, "t", {"a": [2, 2], "b": [5, 5], "c": ["x", "y"], "d": [0, 0]})
    assert result_columns(engine, "select b from t where a > 1") != before
    assert ("t", "a") not in read_columns(lineage_of("select b from t"), of=("b", WHOLE_RELATION))
