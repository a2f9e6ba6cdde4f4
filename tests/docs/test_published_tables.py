"""What an analyst may rely on: every published table has a key that holds, and every number says its unit."""

import re
import shutil
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.docs.metric_catalogue import defined_metrics
from tests.docs.organisation import FILE, published_file
from tests.parsed import compiled_manifest

Node = dict[str, Any]
KEY_TESTS = {"unique", "unique_together", "unique_by"}
NOT_PUBLISHED = {"dim_people"}
_NUMBER = re.compile(r"(?:decimal|bigint|integer|double)\b(?!.*\[\])")
_UNITS = (
    *("seconds", "days", "count", "n", "size", "units", "points", "score", "distance", "deviation"),
    *("ratio", "share", "percent", "rate", "rate_threshold", "per_week", "unknown_as_none"),
)
_NO_AMOUNT = ("number", "id", "year", "level", "attempt", "version", "rank")
_BESIDE = ("unit", "profile_unit")
_TOLD = re.compile(r"\((?:seconds|days|hours|in units of `measure`)\)\.?$|^(?:Of them, i|I)tems ")


@cache
def published_models() -> Mapping[str, Node]:
    """The public models that a publication holds, by their names."""
    return {
        node["name"]: node
        for node in compiled_manifest()["nodes"].values()
        if node["resource_type"] == "model"
        and node["access"] == "public"
        and node["name"] not in NOT_PUBLISHED
    }


def key_tests() -> Iterator[tuple[str, str]]:
    """Each published table with the SQL of a test of its key."""
    by_id = {node["unique_id"]: name for name, node in published_models().items()}
    for node in compiled_manifest()["nodes"].values():
        kind = (node.get("test_metadata") or {}).get("name")
        if kind in KEY_TESTS and node.get("attached_node") in by_id:
            yield by_id[node["attached_node"]], node["compiled_code"]


def unitless(model: Node) -> list[str]:
    """The numbers of a table that do not say in what they are counted."""
    metrics = {metric["name"] for metric in defined_metrics()}
    if set(_BESIDE) & set(model["columns"]):
        return []
    return [
        name
        for name, column in model["columns"].items()
        if _NUMBER.match(column["data_type"])
        and not name.endswith((*(f"_{unit}" for unit in _UNITS), *(f"_{word}" for word in _NO_AMOUNT)))
        and name not in (*_UNITS, *_NO_AMOUNT)
        and re.sub(r"_interval_(?:low|high)$", "", name) not in metrics
        and not _TOLD.search(" ".join(column["description"].split()))
    ]


@pytest.fixture(scope="module")
def doubled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The published file with every row of every table twice."""
    file = tmp_path_factory.mktemp("doubled") / FILE
    shutil.copyfile(published_file(), file)
    with duckdb.connect(str(file)) as con:
        for name in published_models():
            con.execute(f"insert into marts.{name} select * from marts.{name}")
    return file


def red(file: Path) -> dict[str, list[bool]]:
    """Whether the tests of each table's key find anything."""
    found: dict[str, list[bool]] = {}
    with duckdb.connect(":memory:") as con:
        con.execute(f"attach '{file}' as assay (read_only); set TimeZone = 'UTC'")
        for name, sql in key_tests():
            found.setdefault(name, []).append(con.execute(sql).fetchone() is not None)
    return found


def test_every_published_table_has_a_key_that_holds() -> None:
    found = red(published_file())
    assert set(found) == set(published_models())
    assert [name for name, results in found.items() if any(results)] == []


def test_the_test_of_every_key_finds_rows_that_stand_twice(doubled: Path) -> None:
    with duckdb.connect(str(doubled), read_only=True) as con:
        filled = [
            name
            for name in published_models()
            if con.execute(f"from marts.{name} limit 1").fetchone() is not None
        ]
    found = red(doubled)
    assert len(filled) > 25
    assert [name for name in filled if not all(found[name])] == []


def test_every_number_says_in_what_it_is_counted() -> None:
    assert {name: unitless(model) for name, model in published_models().items() if unitless(model)} == {}


@pytest.mark.parametrize(
    ("name", "description", "is_told"),
    [
        ("waiting", "How long.", False),
        ("waiting", "How long (seconds).", True),
        ("waiting_seconds", "How long.", True),
        ("change_lead_time", "How long.", True),
        ("run_attempt", "Which one.", True),
    ],
)
def test_a_number_without_a_unit_is_found(name: str, description: str, *, is_told: bool) -> None:
    model = {"columns": {name: {"data_type": "bigint", "description": description}}}
    assert (unitless(model) == []) is is_told
