"""Whole runs that ask their sources again: clean whatever the story, and red where staging was altered."""

import json
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from connectors.sandbox.settings import CODE_KINDS
from orchestration.check_brief import read_brief
from orchestration.flow.warehouse import open_warehouse
from orchestration.reconciliation.verdicts import reconcile_now
from orchestration.republishing import publish_again
from publishing.errors import PublicationRefusedError
from quality_checks.source_answers import SAMPLED_RECORDS, SOURCE_TOTALS
from tests.house.company import END, Company, company
from tests.house.every_source import clock_at

KINDS = (*CODE_KINDS, "jira", "pagerduty")
EVERY = 100_000
LAST_WEEK = END - timedelta(days=7)


def verdicts(asked: Company, table: str) -> dict[str, int]:
    with duckdb.connect(str(asked.workspace.warehouse), read_only=True) as con:
        return dict(con.execute(f"select verdict, count(*) from {table} group by verdict").fetchall())


def kept_beside(asked: Company) -> int:
    folder = asked.workspace.evidence
    return sum(1 for each in folder.rglob("*.parquet") if "__samples" in str(each) or "__totals" in str(each))


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", [7, 11])
def test_sources_are_asked_with_news_only_and_agree(tmp_path: Path, seed: int) -> None:
    with company(tmp_path, kinds=KINDS, seed=seed, services=2, months=1) as asked:
        first = asked.run()
        assert set(verdicts(asked, SAMPLED_RECORDS)) == {"equal"}
        assert set(verdicts(asked, SOURCE_TOTALS)) <= {"compared", "may_shrink"}
        assert [check for check in first.checks if not check.is_passed] == []
        files = kept_beside(asked)
        assert files > 0

        second = asked.run()
        assert (second.models_built, kept_beside(asked)) == (0, files), "a run without news asks nothing"
        _look_now(asked)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_sources_that_have_gone_on_since_agree(tmp_path: Path) -> None:
    with clock_at(LAST_WEEK), company(tmp_path, at=LAST_WEEK, services=2, months=1) as asked:
        asked.run()
        asked.move_to(END)
        with clock_at(END):
            later = asked.run()

        assert [check for check in later.checks if not check.is_passed] == []
        assert set(verdicts(asked, SAMPLED_RECORDS)) == {"equal"}


def _look_now(asked: Company) -> None:
    clean = reconcile_now(asked.workspace, samples=EVERY, environment=asked.environment)
    assert {row["verdict"] for row in clean.answers.samples} == {"equal"}
    assert json.dumps(clean.to_document(), default=str)
    with open_warehouse(asked.workspace.warehouse) as con:
        con.execute(
            "update staging.stg_github__deployments set environment = 'staging' "
            "where record_id = (select min(record_id) from staging.stg_github__deployments)"
        )
        con.execute("delete from staging.stg_github__pull_requests where number % 2 = 0")
    found = reconcile_now(asked.workspace, samples=EVERY, environment=asked.environment)
    red = {(result.name, result.subject): result for result in found.results if result.is_blocking}
    by_sources = {
        ("sampled_records_match", "staging.stg_github__deployments"),
        ("source_totals_arrived", "staging.stg_github__pull_requests"),
    }
    assert by_sources < red.keys(), "every other check looks at what was altered, too"
    assert all("assay repair github." in red[name].message for name in by_sources)
    told = read_brief(asked.workspace)
    assert told is not None
    assert told["checks"]["blocked"] == len(red)
    with pytest.raises(PublicationRefusedError, match="blocking checks are red"):
        publish_again(asked.workspace)
    asked.server.stop()
    down = reconcile_now(asked.workspace, environment=asked.environment)
    assert {row["verdict"] for row in (*down.answers.samples, *down.answers.totals)} == {"not_taken"}
    assert not by_sources & {(result.name, result.subject) for result in down.results if result.is_blocking}
