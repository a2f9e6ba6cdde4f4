"""Every model where every kind of source tells its story: threads and the history of runs change nothing."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from orchestration.dbt_runner import DbtProject
from tests.house.company import END, Company
from tests.house.deliveries import deliver
from tests.house.every_source import (
    change_settings,
    clock_at,
    company_of_every_source,
    reorganise,
    row_counts,
)
from tests.house.rebuilding import build_from_the_beginning, rebuilt
from tests.house.rows import LAYERS, hashes_of_rows

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

INSTANTS = (datetime(2026, 6, 12, 11, 30, tzinfo=UTC), END)
WITHOUT_ROWS = {
    "staging.stg_alertmanager__silences": "nothing is silenced when the story ends",
    "staging.stg_gitlab__child_pipelines": "no pipeline of the story starts another one",
    "staging.stg_jira__histories": "Cloud gives changes with its changelogs; histories are Data Center's",
    "staging.stg_unparsed_pages": "every page can be read",
    "intermediate.int_deployments_observed": "its services take their deployments from GitHub alone",
    "intermediate.int_fact_corrections": "nobody disputes a fact, so none is corrected",
    "intermediate.int_incident_decisions": "people decide what caused an incident, and nobody does",
    "intermediate.int_metric_gaps": "all of the reported range was read",
    "intermediate.int_repository_names": "no repository of the story is renamed",
}
"""Models that are empty though every kind of source tells its story, and why."""


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """A company after three runs: late data, deliveries, a reorganisation that is told afterwards."""
    with company_of_every_source(tmp_path_factory.mktemp("every")) as acme:
        acme.run()
        for number, instant in enumerate(INSTANTS):
            acme.move_to(instant)
            with clock_at(instant):
                if number == 0:
                    deliver(acme.workspace, acme.organisation, acme.environment)
                    change_settings(acme.workspace, reorganise)
                acme.run()
        yield acme


def test_every_model_of_the_project_took_part_or_it_is_said_why_it_is_empty(grown: Company) -> None:
    counts = row_counts(grown.workspace.warehouse)
    nodes = DbtProject(grown.workspace).manifest()["nodes"].values()
    models = {
        f"{node['schema']}.{node['name']}"
        for node in nodes
        if node["resource_type"] == "model" and node["schema"] in LAYERS
    }
    assert len(models) > 200
    assert counts.keys() == models
    assert {table for table, count in counts.items() if not count} == WITHOUT_ROWS.keys()


def test_a_history_of_runs_ends_in_the_rows_of_one_reading_of_all_the_evidence(grown: Company) -> None:
    by_increments = hashes_of_rows(grown.workspace.warehouse)
    build_from_the_beginning(grown.workspace)
    at_once = hashes_of_rows(grown.workspace.warehouse)
    assert {table for table in by_increments if by_increments[table] != at_once.get(table)} == set()
    assert at_once.keys() == by_increments.keys()


def test_threads_that_share_the_work_on_every_table_change_no_row_and_no_byte(
    grown: Company, tmp_path: Path
) -> None:
    workspace = grown.workspace
    one, eight = (
        rebuilt(workspace.warehouse, workspace.vault, tmp_path / str(count), threads=count)
        for count in (1, 8)
    )
    assert min(one.pieces, eight.pieces) >= 8
    assert len(one.rows) > 150
    assert eight == one
