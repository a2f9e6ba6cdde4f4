"""Every way to bring developmental feedback into a metric that anybody here could think of, tried on real
dbt."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from lineage.tracks import ReviewedSql, read_catalog, track_crossings, unreviewed_sql
from tests.lineage.tracks.small_project import compile_project, write_project

if TYPE_CHECKING:
    from pathlib import Path

    from lineage.tracks import Crossing, WarehouseCatalog

CLEAN = """
with recursive kept as materialized (select day, count(*) as n from {{ ref('stg_orders') }} group by all),
steps as (select 1 as step union all select step + 1 from steps where step < 3)
select day, lower('A') as word, row_number() over (order by day) as place
from kept, unnest([1, 2]) as listed (x), steps
where exists (select 1 from {{ ref('days') }} as days where days.on_day = kept.day)
qualify place < 10
"""

# by name: the model, the way, and what is found
ATTEMPTS: dict[str, tuple[str, str, str]] = {
    "source": ("select * from {{ source('developmental', 'pieces') }}", "developmental_node", "pieces"),
    "through_a_ref": ("select * from {{ ref('relay') }}", "developmental_node", "developmental.pieces"),
    "through_an_ephemeral": ("select * from {{ ref('relay_inline') }}", "developmental_node", "pieces"),
    "three_part_name": ("select * from developmental.feedback.pieces", "developmental_node", "pieces"),
    "quoted_in_other_case": (
        'select * from "DEVELOPMENTAL"."Feedback"."PIECES"',
        "developmental_node",
        "developmental.feedback.pieces",
    ),
    "hard_coded_table": ("select * from notes.kept", "hard_coded_relation", "notes.kept"),
    "hard_coded_with_database": (
        'select * from "assay"."notes"."kept" as orders',
        "hard_coded_relation",
        "assay.notes.kept",
    ),
    "hard_coded_known_model": ("select * from main.days", "hard_coded_relation", "main.days"),
    "bare_name": ("select * from kept", "hard_coded_relation", "kept"),
    "expression_of_the_same_name": (
        "with kept as (select * from kept) select * from kept",
        "hard_coded_relation",
        "kept",
    ),
    "expression_named_later": (
        "with one as (select * from kept), kept as (select 1 as x) select * from one",
        "hard_coded_relation",
        "kept",
    ),
    "expression_out_of_sight": (
        "select * from (with kept as (select 1 as x) select x from kept) as inner_, kept",
        "hard_coded_relation",
        "kept",
    ),
    "inside_exists": (
        "select 1 as x where exists (select 1 from notes.kept)",
        "hard_coded_relation",
        "notes.kept",
    ),
    "inside_a_case": (
        "select case when true then (select max(text) from notes.kept) end as x",
        "hard_coded_relation",
        "notes.kept",
    ),
    "inside_a_union": (
        "select 'a' as x union all by name (from notes.kept)",
        "hard_coded_relation",
        "notes.kept",
    ),
    "inside_a_lambda": (
        "select list_transform([1], lambda x: (select max(text) from notes.kept)) as y",
        "hard_coded_relation",
        "notes.kept",
    ),
    "inside_an_order": (
        "select 1 as x order by (select max(text) from notes.kept)",
        "hard_coded_relation",
        "notes.kept",
    ),
    "inside_a_pivot": (
        "select * from (pivot notes.kept on text in (1) using count(*))",
        "hard_coded_relation",
        "notes.kept",
    ),
    "other_database": ("select * from side.feedback.pieces", "other_database", "side.feedback.pieces"),
    "file_as_table": ("select * from '/srv/feedback.csv'", "file_read", "/srv/feedback.csv"),
    "address_as_table": (
        "select * from 'https://example.org/feedback.parquet'",
        "file_read",
        "https://example.org",
    ),
    "bucket_as_table": ('select * from "s3://bucket/feedback.parquet"', "file_read", "s3://bucket"),
    "read_csv": ("select * from read_csv('/tmp/f.csv')", "file_read", "read_csv"),
    "read_csv_auto": ("select * from READ_CSV_AUTO('/tmp/f.csv')", "file_read", "read_csv_auto"),
    "read_parquet": ("select * from read_parquet(['/tmp/f.parquet'])", "file_read", "read_parquet"),
    "parquet_scan": ("select * from parquet_scan('/tmp/f.parquet')", "file_read", "parquet_scan"),
    "read_json": ("select * from read_json('/tmp/f.json')", "file_read", "read_json"),
    "read_ndjson_objects": (
        "select * from read_ndjson_objects('/tmp/f.json')",
        "file_read",
        "read_ndjson_objects",
    ),
    "read_text": (
        "select (select content from read_text('/tmp/f.txt')) as x",
        "file_read",
        "read_text",
    ),
    "read_blob": ("select * from read_blob('/tmp/*')", "file_read", "read_blob"),
    "read_duckdb": ("select * from read_duckdb('/tmp/f.duckdb')", "file_read", "read_duckdb"),
    "glob": ("select * from glob('/tmp/*')", "file_read", "glob"),
    "sniff_csv": ("select * from sniff_csv('/tmp/f.csv')", "file_read", "sniff_csv"),
    "sqlite_scan": ("select * from sqlite_scan('/tmp/f.db', 't')", "file_read", "sqlite_scan"),
    "postgres_scan": ("select * from postgres_scan('host=x', 'a', 't')", "file_read", "postgres_scan"),
    "duckdb_scan": ("select * from duckdb_scan('/tmp/f.duckdb', 't')", "file_read", "duckdb_scan"),
    "query": ("select * from query('from notes.' || 'kept')", "dynamic_sql", "query"),
    "query_table": ("select * from query_table('notes.kept')", "dynamic_sql", "query_table"),
    "serialized_sql": (
        "select * from json_execute_serialized_sql('{}')",
        "dynamic_sql",
        "json_execute_serialized_sql",
    ),
    "table_named_to_a_macro": (
        "select * from histogram_values(kept, text)",
        "dynamic_sql",
        "histogram_values",
    ),
    "information_schema": ("select * from information_schema.tables", "system_catalog", "information_schema"),
    "duckdb_tables": ("select comment from duckdb_tables()", "system_catalog", "duckdb_tables"),
    "sqlite_master": ("select sql from sqlite_master", "system_catalog", "sqlite_master"),
    "comment_on_a_table": ("select obj_description(1) as x", "system_catalog", "obj_description"),
    "enumeration": ("select enum_range(null::notes_kept) as x", "system_catalog", "enum_range"),
    "environment": ("select getenv('FEEDBACK') as x", "environment_read", "getenv"),
    "setting": ("select current_setting('custom') as x", "environment_read", "current_setting"),
    "variable": ("select getvariable('feedback') as x", "environment_read", "getvariable"),
    "extension_function": ("select ask_model('feedback') as x", "unknown_function", "ask_model"),
    "macro_of_the_warehouse": ("select * from feedback_rows()", "unknown_function", "feedback_rows"),
    "macro_with_a_schema": ("select notes.lower('x') as x", "unknown_function", "notes.lower"),
    "attach": ("attach '/tmp/f.duckdb' as f", "statement", "attach"),
    "second_statement": ("select 1 as x; select * from notes.kept", "statement", "2 statements"),
    "copy": ("copy (select 1) to '/tmp/f.csv'", "statement", "copy"),
    "use": ("use developmental", "statement", "use"),
    "load": ("load sqlite_scanner", "statement", "load"),
    "import": ("import database '/tmp/f'", "statement", "import"),
    "insert": ("insert into main.days select * from notes.kept", "statement", "insert"),
    "prepared": ("select $1 as x", "unreadable", "PARAMETER"),
    "describe": ("select * from (describe notes.kept)", "unreadable", "SHOW_REF"),
    "no_sql": ("select select from", "unreadable", ""),
    "dbt_macro": ("select * from {{ handy('/tmp/f') }}", "file_read", "read_text"),
    "query_while_compiling": ("{{ peek() }}", "jinja_query", "run_query"),
    "query_in_the_model": (
        "{% set rows = run_query('select 1') if execute else none %} select 1 as x",
        "jinja_query",
        "run_query",
    ),
    "environment_while_compiling": (
        "select '{{ env_var('ASSAY_SMALL_FEEDBACK') }}' as x",
        "environment_read",
        "env_var",
    ),
    "python_model": (
        "def model(dbt, session):\n    return session.sql('select 1 as x')\n",
        "python_model",
        "python",
    ),
    "external_source": ("select * from {{ source('raw', 'parcels') }}", "external_source", "parcels"),
    "external_materialization": (
        "{{ config(materialized='external', location='/tmp/f.parquet') }} select 1 as x",
        "materialization",
        "external",
    ),
    "seed_of_the_other_track": ("select * from {{ ref('spoken') }}", "developmental_node", "spoken"),
    "seed_without_a_track": ("select * from {{ ref('written') }}", "undeclared_track", "written"),
    "model_without_a_track": (
        "{{ config(meta={'track': 'other'}) }} select 1 as x",
        "undeclared_track",
        "model_without_a_track",
    ),
    "model_of_the_other_track": (
        "{{ config(meta={'track': 'developmental'}) }} select 1 as x",
        "developmental_node",
        "model_of_the_other_track",
    ),
}
OTHERS = {
    "models/relay.sql": "select * from {{ source('developmental', 'pieces') }}",
    "models/relay_inline.sql": (
        "{{ config(materialized='ephemeral') }} select * from {{ source('developmental', 'pieces') }}"
    ),
    "macros/handy.sql": "{% macro handy(path) %}read_text('{{ path }}'){% endmacro %}",
    "macros/peek.sql": (
        "{% macro peek() %}select '{{ run_query('select 42').rows[0][0] if execute }}' as x{% endmacro %}"
    ),
    "seeds/spoken.csv": "a\n1\n",
    "seeds/written.csv": "a\n1\n",
    "seeds/seeds.yml": (
        "version: 2\nseeds:\n  - {name: spoken, config: {meta: {track: developmental}}}\n"
        "  - {name: written, config: {meta: {track: other}}}\n"
    ),
}


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    models = {"clean": CLEAN, **{name: model for name, (model, _, _) in ATTEMPTS.items()}}
    root = write_project(tmp_path_factory.mktemp("attempts"), models, others=OTHERS)
    os.environ["ASSAY_SMALL_FEEDBACK"] = "said in confidence"
    try:
        return compile_project(root)
    finally:
        del os.environ["ASSAY_SMALL_FEEDBACK"]


@pytest.fixture(scope="module")
def catalog() -> WarehouseCatalog:
    with duckdb.connect() as con:
        return read_catalog(con)


@pytest.fixture(scope="module")
def crossings(manifest: dict[str, Any], catalog: WarehouseCatalog) -> dict[str, tuple[Crossing, ...]]:
    return dict(track_crossings(manifest, catalog))


def test_a_clean_metric_has_no_crossing(crossings: dict[str, tuple[Crossing, ...]]) -> None:
    assert crossings["clean"] == ()


@pytest.mark.parametrize("name", ATTEMPTS)
def test_an_attempt_is_named(name: str, crossings: dict[str, tuple[Crossing, ...]]) -> None:
    _, way, found = ATTEMPTS[name]
    matching = [each for each in crossings[name] if each.way == way and found in each.found]
    assert matching, crossings[name]
    assert matching[0].metric == name
    assert matching[0].path[:2] == (name, name)
    assert matching[0].remedy in matching[0].sentence


def test_a_crossing_names_the_way_to_it(crossings: dict[str, tuple[Crossing, ...]]) -> None:
    paths = {each.path for each in crossings["through_a_ref"] if each.way == "developmental_node"}
    assert ("through_a_ref", "through_a_ref", "relay", "developmental.pieces") in paths


def test_a_branch_that_only_an_increment_runs_is_read_too(
    manifest: dict[str, Any], catalog: WarehouseCatalog
) -> None:
    ran = {"model.small.clean": manifest["nodes"]["model.small.clean"]["compiled_code"]}
    assert track_crossings(manifest, catalog, built=ran)["clean"] == ()
    ran = {"model.small.clean": "select 1 union all select * from read_text('/tmp/f')"}
    (crossing,) = track_crossings(manifest, catalog, built=ran)["clean"]
    assert (crossing.way, crossing.path[-1]) == ("file_read", "clean")


def test_what_was_not_compiled_closes(manifest: dict[str, Any], catalog: WarehouseCatalog) -> None:
    node = {**manifest["nodes"]["model.small.clean"], "compiled_code": None}
    uncompiled = {**manifest, "nodes": {**manifest["nodes"], "model.small.clean": node}}
    assert [each.way for each in track_crossings(uncompiled, catalog)["clean"]] == ["not_compiled"]


def test_a_function_of_dbt_closes_every_metric(manifest: dict[str, Any], catalog: WarehouseCatalog) -> None:
    given = {**manifest, "functions": {"function.small.peek": {"name": "peek"}}}
    assert [each.way for each in track_crossings(given, catalog)["clean"]] == ["dbt_function"]


def test_a_metric_that_stands_on_no_model_closes(manifest: dict[str, Any], catalog: WarehouseCatalog) -> None:
    lost = {"metric.small.lost": {"name": "lost", "depends_on": {"nodes": []}}}
    assert [each.way for each in track_crossings({**manifest, "metrics": lost}, catalog)["lost"]] == [
        "unreadable"
    ]


def test_a_mart_that_is_published_beside_a_metric_concerns_it(
    manifest: dict[str, Any], catalog: WarehouseCatalog
) -> None:
    node = {**manifest["nodes"]["model.small.read_text"], "schema": "marts"}
    given = {**manifest, "nodes": {**manifest["nodes"], "model.small.read_text": node}}
    assert [each.way for each in track_crossings(given, catalog)["clean"]] == ["file_read"]


BESIDE = {
    "pre_hook": "{{ config(pre_hook=\"attach '/tmp/f.duckdb' as f\") }} select 1 as x",
    "post_hook": "{{ config(post_hook='insert into {{ this }} select text from notes.kept') }} select 1 as x",
    "sql_header": "{{ config(sql_header='set variable a = 1;') }} select 1 as x",
    "own_strategy": (
        "{{ config(materialized='incremental', incremental_strategy='sly', unique_key='x') }} select 1 as x"
    ),
}
BESIDE_OTHERS = {
    "macros/sly.sql": (
        "{% macro get_incremental_sly_sql(arg_dict) %}insert into {{ arg_dict['target_relation'] }} "
        "select text from notes.kept{% endmacro %}"
    ),
    "macros/override.sql": (
        "{% macro create_table_as(temporary, relation, compiled_code, language='sql') %}"
        "create table {{ relation }} as select text from notes.kept{% endmacro %}"
    ),
    "macros/start.sql": "{% macro at_the_start() %}attach '/tmp/f.duckdb' as f{% endmacro %}",
}


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    root = write_project(tmp_path_factory.mktemp("beside"), {"clean": CLEAN, **BESIDE}, others=BESIDE_OTHERS)
    with (root / "dbt_project.yml").open("a") as file:
        file.write('on-run-start: "{{ at_the_start() }}"\n')
    return compile_project(root)


@pytest.mark.parametrize(
    ("way", "found"),
    [
        ("unreviewed_sql", "attach '/tmp/f.duckdb' as f"),
        ("unreviewed_sql", "insert into {{ this }}"),
        ("unreviewed_sql", "sql_header"),
        ("unreviewed_sql", "get_incremental_sly_sql"),
        ("unreviewed_sql", "at_the_start"),
        ("macro_override", "create_table_as"),
    ],
)
def test_sql_that_runs_beside_any_model_closes_every_metric(
    way: str, found: str, beside: dict[str, Any], catalog: WarehouseCatalog
) -> None:
    for metric in ("clean", "pre_hook"):
        crossings = track_crossings(beside, catalog)[metric]
        assert [each for each in crossings if each.way == way and found in each.found], crossings


def test_reviewed_sql_passes_until_a_macro_of_it_changes(
    beside: dict[str, Any], catalog: WarehouseCatalog
) -> None:
    pins = [ReviewedSql(template, sha256) for template, sha256 in unreviewed_sql(beside).items()]
    without = {
        **beside,
        "macros": {key: each for key, each in beside["macros"].items() if "create_table_as" not in key},
    }
    assert track_crossings(without, catalog, reviewed=pins)["clean"] == ()
    changed = {
        **beside["macros"]["macro.small.at_the_start"],
        "macro_sql": "{% macro at_the_start() %}x{% endmacro %}",
    }
    given = {**without, "macros": {**without["macros"], "macro.small.at_the_start": changed}}
    (crossing,) = track_crossings(given, catalog, reviewed=pins)["clean"]
    assert (crossing.way, "at_the_start" in crossing.found) == ("unreviewed_sql", True)


def test_dbt_itself_refuses_a_private_model_of_the_other_group(tmp_path: Path) -> None:
    others = {
        "models/growth.sql": "{{ config(group='developmental', access='private') }} select 1 as x",
    }
    root = write_project(tmp_path, {"sly": "select * from {{ ref('growth') }}"}, others=others)
    with pytest.raises(Exception, match=r"private|not allowed"):
        compile_project(root)
