"""A stretch of the reported range that was not read, from the settings to what people open."""

import json
from pathlib import Path

import dagster as dg
import duckdb
import openpyxl
import pytest

from orchestration.command import main
from orchestration.reconciliation.verdicts import reconcile_now
from tests.house.company import Company, company
from tests.house.every_source import change_settings
from tests.house.rows import hashes_of_rows

READ_FROM = "2026-06-01"
"""The company's story begins on the first of May, and so does the report."""


def warnings_of(acme: Company) -> set[str]:
    record = acme.run()
    return {check.name for check in record.checks if not check.is_passed}


def marked(acme: Company) -> set[tuple[str, str]]:
    """Months and metrics of the organisation that are incomplete, as the published files have them."""
    file = acme.workspace.current / "marts" / "mart_metric_values.parquet"
    return set(
        duckdb.sql(
            f"select period_start::varchar, metric from '{file}' where list_contains(flags, 'incomplete') "
            "and period_grain = 'month' and scope_kind = 'organisation'"
        ).fetchall()
    )


def evaluation(acme: Company, check: str, *subject: str) -> dg.AssetCheckEvaluation:
    """What Dagster keeps of the newest evaluation of a check."""
    key = dg.AssetCheckKey(dg.AssetKey(subject), check)
    with dg.DagsterInstance.from_config(str(acme.workspace.dagster)) as instance:
        record = instance.get_latest_asset_check_evaluation_record(key)
    assert record is not None, key
    assert record.event is not None
    assert record.event.dagster_event is not None
    return record.event.dagster_event.asset_check_evaluation_data


def assert_dagster_shows_counts_offenders_and_the_command(acme: Company) -> None:
    red = evaluation(acme, "reported_range_was_read", "marts", "mart_stream_completeness")
    shown = {name: value.value for name, value in red.metadata.items()}
    assert not red.passed
    assert (shown["expected_total"], shown["tolerance"]) == (0, 0)
    assert shown["observed_total"] == shown["offender_count"] > 0
    assert "| github commits acme/" in shown["offenders"]
    assert shown["repair"].startswith("assay repair github.")
    green = evaluation(acme, "cells_over_gaps_are_marked", "marts", "mart_metric_values")
    counted = {name: value.value for name, value in green.metadata.items()}
    assert green.passed
    assert counted["expected_total"] == counted["observed_total"] > 0
    others = evaluation(acme, "checks_of_what_is_no_asset", "quality", "check_results")
    assert others.passed


def assert_status_says_it_in_brief(acme: Company, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--workspace", str(acme.workspace.root)]
    capsys.readouterr()
    assert main(["status", *where]) == 0
    shown = capsys.readouterr().out
    assert "1 warns" in shown
    assert "reported_range_was_read of marts.mart_stream_completeness" in shown
    assert "assay repair github.commits" in shown
    assert main(["status", "--json", *where]) == 0
    document = json.loads(capsys.readouterr().out)
    manifest = json.loads((acme.workspace.current / "manifest.json").read_text(encoding="utf-8"))
    assert document["checks"] == manifest["check_summary"]
    assert document["completeness"] == manifest["completeness"]
    assert document["checks"]["warned"] == 1
    assert document["completeness"]["gaps"] > 0


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_what_was_read_from_later_on_is_incomplete_everywhere_until_it_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with company(tmp_path, services=2) as acme:
        document = acme.workspace.settings_file.read_text(encoding="utf-8")

        def read_later(settings: dict[str, object]) -> None:
            github = next(one for one in settings["sources"] if one["kind"] == "github")
            github["since"] = READ_FROM

        change_settings(acme.workspace, read_later)
        with pytest.MonkeyPatch.context() as patch:  # as if all of it had been asked for
            patch.setattr("orchestration.flow.checking.source_ranges", lambda _: [])
            assert "reported_range_was_read" in warnings_of(acme)
        found = marked(acme)
        assert ("2026-05-01", "change_lead_time") in found
        assert "2026-06-01" not in {month for month, _ in found}

        report = (acme.workspace.current / "report.html").read_text(encoding="utf-8")
        assert "values are incomplete" in report
        book = openpyxl.load_workbook(acme.workspace.current / "assay.xlsx")
        assert any("* incomplete" in str(row[0].value) for row in book["Summary"].iter_rows())

        assert_dagster_shows_counts_offenders_and_the_command(acme)
        assert_status_says_it_in_brief(acme, capsys)

        asked = reconcile_now(acme.workspace, samples=0, totals=0, environment=acme.environment)
        assert [result for result in asked.results if not result.is_passed] == [], "nobody asked for more"
        assert marked(acme) == found

        again = acme.run()
        assert again.models_built == 0, "a gap that stays is no news"
        by_increments = hashes_of_rows(acme.workspace.warehouse)
        acme.run(is_full_refresh=True)
        assert by_increments == hashes_of_rows(acme.workspace.warehouse)

        acme.workspace.settings_file.write_text(document, encoding="utf-8")
        assert "reported_range_was_read" not in warnings_of(acme)
        assert marked(acme) == set()
        report = (acme.workspace.current / "report.html").read_text(encoding="utf-8")
        assert "values are incomplete" not in report
