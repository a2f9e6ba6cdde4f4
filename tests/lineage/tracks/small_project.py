"""A small dbt project over a real DuckDB file, compiled by dbt itself: one metric per model that is tried."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import duckdb

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PROJECT = """
name: small
version: "1.0.0"
profile: small
model-paths: [models]
macro-paths: [macros]
seed-paths: [seeds]
flags: {send_anonymous_usage_stats: false}
sources: {small: {+meta: {track: delivery}}}
models: {small: {+meta: {track: delivery}, +group: delivery}}
seeds: {small: {+meta: {track: delivery}}}
"""
PROFILE = """
small:
  target: here
  outputs:
    here: {{type: duckdb, path: "{file}", schema: main, threads: 1}}
"""
STANDING = """
version: 2
groups:
  - {name: delivery, owner: {name: delivery-metrics}}
  - {name: developmental, owner: {name: people-development}}
sources:
  - name: raw
    schema: raw
    tables: [{name: orders}, {name: parcels, config: {meta: {external_location:
        "read_parquet('{name}.parquet')"}}}]
  - name: developmental
    database: developmental
    schema: feedback
    config: {meta: {track: developmental}}
    tables: [{name: pieces}]
models:
  - name: days
    time_spine: {standard_granularity_column: on_day}
    columns: [{name: on_day, granularity: day, data_type: date}]
"""
SEMANTIC = """
semantic_models:
  - name: {name}
    model: ref('{name}')
    defaults: {{agg_time_dimension: on_day}}
    entities: [{{name: {name}_key, type: primary, expr: "1"}}]
    dimensions: [{{name: on_day, expr: day, type: time, type_params: {{time_granularity: day}}}}]
    measures: [{{name: {name}_rows, agg: count, expr: "1"}}]
metrics:
  - {{name: {name}, label: {name}, type: simple, type_params: {{measure: {name}_rows}}}}
"""


def write_project(root: Path, models: Mapping[str, str], *, others: Mapping[str, str] | None = None) -> Path:
    """Write a project with one metric on each of the models, and whatever other files are given."""
    files = {
        "dbt_project.yml": PROJECT,
        "profiles.yml": PROFILE.format(file=root / "assay.duckdb"),
        "models/standing.yml": STANDING,
        "models/days.sql": "select date '2027-01-01' as on_day",
        "models/stg_orders.sql": "select * from {{ source('raw', 'orders') }}",
        **{f"models/{name}{_ending(text)}": text for name, text in models.items()},
        **{f"models/{name}_metric.yml": SEMANTIC.format(name=name) for name in models},
        **(others or {}),
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    with duckdb.connect(str(root / "assay.duckdb")) as con:
        con.execute("create schema if not exists raw; create table if not exists raw.orders (day date)")
        con.execute("create schema if not exists notes; create table if not exists notes.kept (text varchar)")
    return root


def compile_project(root: Path) -> dict[str, Any]:
    """Compile it and return the manifest; whatever dbt itself refuses is raised."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager  # noqa: PLC0415 - seconds of imports
    from dbt.adapters.factory import reset_adapters  # noqa: PLC0415
    from dbt.cli.main import dbtRunner  # noqa: PLC0415

    folders = ["--project-dir", str(root), "--profiles-dir", str(root)]
    try:
        done = dbtRunner().invoke(["--log-level", "none", "--log-level-file", "none", "compile", *folders])
    finally:
        reset_adapters()  # type: ignore[no-untyped-call] # dbt leaves it without types
        DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call] # see above
    if done.exception is not None:
        raise done.exception
    compiled: dict[str, Any] = json.loads((root / "target" / "manifest.json").read_bytes())
    return compiled


def _ending(text: str) -> str:
    return ".py" if text.startswith("def model") else ".sql"
