"""MetricFlow over the published file: the numbers of `mart_metric_values`, from the same definitions."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.docs.metric_catalogue import documents
from tests.docs.metricflow_queries import MetricFlow, metricflow
from tests.docs.organisation import published_file
from tests.docs.pages import ROOT
from tests.parsed import parsed_workspace

Cell = tuple[str, str, date]
SCOPES = {"service": "service_id", "organisation": "organisation"}
LOOKED_AT = (("service", "month"), ("organisation", "week"))
NINE_DIGITS = Decimal("0.000000001")


def entities() -> Mapping[str, str]:
    """The primary entity of each semantic model, by the file of its definitions."""
    return {
        name: document["semantic_models"][0]["entities"][0]["name"] for name, document in documents().items()
    }


@pytest.fixture(scope="module")
def flow() -> Iterator[MetricFlow]:
    manifest = parsed_workspace().dbt / "target" / "semantic_manifest.json"
    with metricflow(published_file(), manifest) as opened:
        yield opened


def answered(flow: MetricFlow, name: str, scope: str, grain: str) -> dict[Cell, Decimal]:
    """What MetricFlow says of every metric of one file: cells that have a value.

    Facts whose day has not come, such as the resolution of an open incident, are a row without a time there.
    """
    time = f"metric_time__{grain}"
    metrics = [metric["name"] for metric in documents()[name]["metrics"]]
    by = f"{entities()[name]}__{SCOPES[scope]}"
    rows = flow.ask(metrics, time, by)
    return {
        (metric, row[by], row[time].date()): Decimal(str(row[metric])).quantize(NINE_DIGITS)
        for row in rows
        for metric in metrics
        if row[metric] is not None and row[by] is not None and row[time] is not None
    }


def published(con: duckdb.DuckDBPyConnection, name: str, scope: str, grain: str) -> dict[Cell, Decimal]:
    """What the mart says of the same: every cell that has a value, and so each zero of a count."""
    metrics = [metric["name"] for metric in documents()[name]["metrics"]]
    rows = con.execute(
        "select metric, scope_id, period_start, value from assay.marts.mart_metric_values "
        "where list_contains($1, metric) and scope_kind = $2 and period_grain = $3 and value is not null",
        [metrics, scope, grain],
    ).fetchall()
    return {(metric, scope_id, start): value for metric, scope_id, start, value in rows}


@pytest.mark.parametrize("name", sorted(documents()))
def test_metricflow_gives_the_published_numbers(flow: MetricFlow, name: str) -> None:
    """It has no row for a scope and period without facts; where it has one, its numbers are the mart's."""
    compared = 0
    for scope, grain in LOOKED_AT:
        mart, told = published(flow.con, name, scope, grain), answered(flow, name, scope, grain)
        rows = {cell[1:] for cell in told}
        assert told == {cell: value for cell, value in mart.items() if cell[1:] in rows}
        assert not [cell for cell, value in mart.items() if cell[1:] not in rows and value != 0]
        compared += sum(value != 0 for value in told.values())
    assert compared > 5


def test_a_published_number_that_is_not_what_its_facts_say_is_found(tmp_path: Path) -> None:
    file = tmp_path / "analyst.duckdb"
    shutil.copyfile(published_file(), file)
    with duckdb.connect(str(file)) as con:
        con.execute("delete from marts.fct_deployments where deployed_date = '2026-05-08'")
    manifest = parsed_workspace().dbt / "target" / "semantic_manifest.json"
    with metricflow(file, manifest) as changed:
        told = answered(changed, "deployments", "service", "month")
        assert told != published(changed.con, "deployments", "service", "month")


def test_every_dimension_of_the_definitions_is_a_column_of_the_published_file(flow: MetricFlow) -> None:
    for document in documents().values():
        for model in document["semantic_models"]:
            table = re.sub(r"ref\('(\w+)'\)", r"\1", model["model"])
            columns = {row[0] for row in flow.con.execute(f"describe assay.marts.{table}").fetchall()}
            named = {dimension.get("expr", dimension["name"]) for dimension in model["dimensions"]}
            assert named <= columns, table


@pytest.mark.slow
def test_the_commands_of_the_page_answer(tmp_path: Path) -> None:
    """As an analyst types them: dbt reads the definitions, `mf` asks the published file."""
    project = tmp_path / "dbt_project"
    shutil.copytree(ROOT / "dbt_project", project, ignore=shutil.ignore_patterns("target", "logs"))
    variables: dict[str, Any] = {
        "DBT_PROJECT_DIR": str(project),
        "DBT_PROFILES_DIR": str(project / "analyst"),
        "ASSAY_PUBLISHED": str(published_file()),
        "DO_NOT_TRACK": "1",
    }
    page = (ROOT / "docs" / "analysts.md").read_text(encoding="utf-8")
    commands = re.findall(r"^\$ ((?:dbt|mf) .+)$", page, re.MULTILINE)
    assert {line.split()[0] for line in commands} == {"dbt", "mf"}
    printed = []
    for line in commands:
        name, *words = line.split()
        done = subprocess.run(
            [str(Path(sys.executable).with_name(name)), *words],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), **variables},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        printed.append(done.stdout)
    assert re.search(r"2026-05-01T00:00:00 +checkout +\d+", "".join(printed))
    assert (project / "target" / "static_index.html").stat().st_size > 1_000_000
