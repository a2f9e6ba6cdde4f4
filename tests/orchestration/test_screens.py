"""Numbers as people read them."""

import io
from datetime import date

import pytest
from rich.console import Console

from connectors.reports import Progress, StreamReport
from orchestration.dbt_runner import NodeOutcome
from orchestration.run_record import RunRecord, StreamFailure
from orchestration.screens.figures import Figure, value_text
from orchestration.screens.terminal import TerminalWatcher, build_line, run_table, size_text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (None, "seconds", "-"),
        (45, "seconds", "45 s"),
        (90, "seconds", "1.5 min"),
        (5400, "seconds", "1.5 h"),
        (129_600, "seconds", "1.5 d"),
        (0.125, "ratio", "12.5 %"),
        (1200, "deployments", "1,200 deployments"),
        (149.114, "deployments", "149.11 deployments"),
    ],
)
def test_a_value_is_written_in_the_unit_that_reads_best(value: float | None, unit: str, text: str) -> None:
    assert value_text(value, unit) == text


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (152_700_000, "152.7 MB")]
)
def test_bytes_are_written_for_people(count: int, text: str) -> None:
    assert size_text(count) == text


def test_a_figure_shows_its_interval() -> None:
    figure = Figure("m", "M", 0.1, "ratio", 170, (0.063, 0.154), date(2026, 6, 1), is_partial=False)
    assert (figure.text, figure.interval_text) == ("10.0 %", "6.3 % to 15.4 %")


def outcome(kind: str, status: str) -> NodeOutcome:
    return NodeOutcome(f"{kind}.x", "x", kind, status, 0.1, None, None, "")


def test_the_summary_names_what_was_built_kept_and_failed() -> None:
    record = RunRecord("run", models_kept=3, models_built=1, build_reasons=("git__tags",), publication="p1")
    record.outcomes = [outcome("model", "success"), outcome("test", "pass"), outcome("test", "fail")]
    record.reports = [StreamReport("github", "issues", requests=2, records=5, bytes=1500)]
    record.failures = [StreamFailure("github", "tags", "gone", is_transient=False)]
    assert build_line(record) == "1 models built, 3 kept (git__tags); 1/2 tests; 0/0 checks; publication p1"
    page = io.StringIO()
    Console(file=page, width=120).print(run_table(record))
    assert "github.issues" in page.getvalue()
    assert "failed" in page.getvalue()


def test_a_run_without_a_terminal_prints_stages_and_no_bars() -> None:
    page = io.StringIO()
    with TerminalWatcher(Console(file=page, width=120)) as watcher:
        watcher.stage("extract")
        watcher.extracting(Progress("github", "issues", 1, 1, 5, 100, 1, 2))
        watcher.extracted(StreamReport("github", "issues"))
        watcher.building(outcome("model", "success"), done=1, total=2)
        watcher.note("a line")
    assert page.getvalue() == "· extract\n· a line\n"


def test_a_terminal_shows_bars_and_leaves_nothing_behind() -> None:
    page = io.StringIO()
    with TerminalWatcher(Console(file=page, width=120, force_terminal=True)) as watcher:
        watcher.stage("extract")
        watcher.extracting(Progress("github", "issues", 3, 1, 5, 100, 1, 2))
        watcher.extracting(Progress("github", "issues", 4, 1, 5, 100, 2, 2))
    assert "github.issues" in page.getvalue()
