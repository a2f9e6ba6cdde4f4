"""What stands in the warehouse itself: views, macros, types and databases that no model's SQL shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from lineage.tracks import read_catalog, track_crossings
from lineage.tracks.catalog import view_query
from tests.lineage.tracks.small_project import compile_project, write_project

if TYPE_CHECKING:
    from pathlib import Path

    from lineage.tracks import Crossing

MODEL = "select lower('A') as word, * from {{ ref('stg_orders') }}"


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    root = write_project(tmp_path_factory.mktemp("catalog"), {"orders_kept": MODEL})
    (root / "evidence").mkdir()
    with duckdb.connect(str(root / "assay.duckdb")) as con:
        for place in ("evidence/page.parquet", "feedback.parquet", "evidence/page.csv"):
            con.execute(f"copy (select date '2027-01-01' as day) to '{root / place}'")
    return compile_project(root), root


def crossings(compiled: tuple[dict[str, Any], Path], *statements: str) -> tuple[Crossing, ...]:
    """Compute the crossings after statements in the real warehouse, which are undone afterwards."""
    manifest, root = compiled
    with duckdb.connect(str(root / "assay.duckdb")) as con:
        con.execute("begin transaction")
        for statement in statements:
            con.execute(statement.format(root=root))
        catalog = read_catalog(con, evidence=root / "evidence", vault=root / "identity.duckdb")
        con.execute("rollback")
    return track_crossings(manifest, catalog)["orders_kept"]


def test_a_warehouse_as_the_pipeline_leaves_it_has_no_crossing(compiled: tuple[dict[str, Any], Path]) -> None:
    made = "create view main.orders_kept as select * from assay.main.stg_orders"
    built = "create table main.stg_orders as select * from raw.orders"
    assert crossings(compiled, built, made) == ()


def test_a_view_over_committed_evidence_is_the_one_reader_of_files(
    compiled: tuple[dict[str, Any], Path],
) -> None:
    reader = "create view raw.orders as from read_parquet(['{root}/evidence/page.parquet'])"
    assert crossings(compiled, "drop table raw.orders", reader) == ()


@pytest.mark.parametrize(
    ("statements", "way", "found", "through"),
    [
        pytest.param(
            ["create view main.stg_orders as select text from notes.kept"],
            "hard_coded_relation",
            "notes.kept",
            "view main.stg_orders",
            id="a model replaced by a view",
        ),
        pytest.param(
            [
                "create view notes.between as select text from notes.kept",
                "drop table raw.orders",
                "create view raw.orders as select * from notes.between",
            ],
            "hard_coded_relation",
            "notes.kept",
            "view notes.between",
            id="a view behind a view",
        ),
        pytest.param(
            [
                "create view raw.parcels as select text from notes.kept",
                "drop table raw.orders",
                "create view raw.orders as select * from raw.parcels",
            ],
            "hard_coded_relation",
            "notes.kept",
            "view raw.parcels",
            id="a view behind another source that the metric does not name",
        ),
        pytest.param(
            [
                "drop table raw.orders",
                "create view raw.orders as from read_parquet('{root}/feedback.parquet')",
            ],
            "file_read",
            "read_parquet",
            "view raw.orders",
            id="a file beside the evidence",
        ),
        pytest.param(
            [
                "drop table raw.orders",
                "create view raw.orders as from read_parquet('{root}/evidence/../feedback.parquet')",
            ],
            "file_read",
            "read_parquet",
            "view raw.orders",
            id="a way out of the evidence",
        ),
        pytest.param(
            [
                "drop table raw.orders",
                "create view raw.orders as from read_parquet('{root}/evidence/*.parquet')",
            ],
            "file_read",
            "read_parquet",
            "view raw.orders",
            id="a glob",
        ),
        pytest.param(
            ["drop table raw.orders", "create view raw.orders as from read_csv('{root}/evidence/page.csv')"],
            "file_read",
            "read_csv",
            "view raw.orders",
            id="another reader",
        ),
        pytest.param(
            ["create macro lower(x) as (select max(text) from notes.kept)"],
            "catalog_macro",
            "lower",
            "stg_orders",
            id="a macro in the place of a function",
        ),
        pytest.param(
            ["create type said as enum (select text from notes.kept where text is not null)"],
            "catalog_type",
            "said",
            "orders_kept",
            id="a type that carries data",
        ),
    ],
)
def test_what_the_warehouse_hides_is_found(
    compiled: tuple[dict[str, Any], Path], statements: list[str], way: str, found: str, through: str
) -> None:
    matching = [each for each in crossings(compiled, *statements) if each.way == way and found in each.found]
    assert matching
    assert way == "catalog_macro" or through in matching[0].path


def test_a_macro_in_the_place_of_the_catalogs_own_functions_hides_nothing(
    compiled: tuple[dict[str, Any], Path],
) -> None:
    lies = [
        "create macro duckdb_views() as table select '' as schema_name where false",
        "create macro current_database() as 'elsewhere'",
        "create macro lower(x) as null",
    ]
    hidden = "create view main.stg_orders as select text from notes.kept"
    found = {(each.way, each.found) for each in crossings(compiled, hidden, *lies)}
    assert ("hard_coded_relation", "notes.kept") in found


def test_a_database_attached_beside_the_warehouse_closes_and_the_vault_does_not(
    compiled: tuple[dict[str, Any], Path],
) -> None:
    manifest, root = compiled
    with duckdb.connect(str(root / "assay.duckdb")) as con:
        con.execute(f"attach '{root / 'identity.duckdb'}' as vault")
        catalog = read_catalog(con, evidence=root / "evidence", vault=root / "identity.duckdb")
        assert track_crossings(manifest, catalog)["orders_kept"] == ()
        con.execute(f"attach '{root / 'feedback.duckdb'}' as quiet")
        catalog = read_catalog(con, evidence=root / "evidence", vault=root / "identity.duckdb")
    (crossing,) = track_crossings(manifest, catalog)["orders_kept"]
    assert (crossing.way, "quiet" in crossing.found) == ("attached_database", True)


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("v", "select 1 as a"),
        ('"as"', "select 1 as a"),
        ('"a ""as"" b"', "(select 1 as a)"),
        ("v (a)", "from t"),
    ],
)
def test_the_query_of_a_view_is_found_behind_its_name(name: str, query: str) -> None:
    with duckdb.connect() as con:
        con.execute("create table t as select 1 as a")
        con.execute(f"create view {name} as {query}")
        ((statement,),) = con.execute("select sql from duckdb_views() where not internal").fetchall()
        assert con.execute(view_query(statement)).fetchall() == [(1,)]
