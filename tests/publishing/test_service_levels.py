"""Service levels in the report: what was attained, never rounded up, and what it is to be read with."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from publishing.service_levels import NOTHING, percent, read_service_levels
from tests.publishing.release import Release
from tests.publishing.test_report import HOSTILE, report_of

MODEL = Path(__file__).parents[2] / "dbt_project" / "models" / "marts" / "mart_slo_attainment.yml"
MAY = date(2026, 5, 1)


def table() -> str:
    """The statement that makes the mart, empty, with the columns of the model."""
    (model,) = yaml.safe_load(MODEL.read_text(encoding="utf-8"))["models"]
    columns = ", ".join(f"{column['name']} {column['data_type']}" for column in model["columns"])
    return f"create table marts.mart_slo_attainment ({columns})"


def window(**given: Any) -> str:
    """The statement that tells one window: by default May, in which the objective was met."""
    row: dict[str, Any] = {
        "objective_id": "answers",
        "title": "Checkout answers",
        "service_id": "checkout",
        "scope_kind": "service",
        "is_composite": False,
        "budgeting_method": "occurrences",
        "objective_ratio": "0.998",
        "window_kind": "month",
        "window_start_date": "2026-05-01",
        "window_end_date": "2026-05-31",
        "attainment_ratio": "0.998499999",
        "is_met": True,
        "budget_spent_ratio": "0.75",
        "gap_ratio": 0,
        "is_low_traffic": False,
        "is_partial": False,
        **given,
    }
    row["window_ends_at"] = f"{row['window_end_date']} 23:00:00+00"
    values = ", ".join(
        "null" if value is None else "'" + str(value).replace("'", "''") + "'" for value in row.values()
    )
    return f"insert into marts.mart_slo_attainment ({', '.join(row)}) values ({values})"


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:") as made:
        made.execute(f"create schema marts; {table()}")
        yield made


def test_a_month_stands_beside_the_newest_window_of_the_objective(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(window())
    con.execute(window(window_start_date="2026-04-01", window_end_date="2026-04-30", is_met=False))
    rolling = {"window_kind": "rolling", "is_met": False}
    con.execute(window(**rolling, window_end_date="2026-06-08", attainment_ratio="0.6"))
    con.execute(window(**rolling, window_end_date="2026-06-09", attainment_ratio="0.9979"))
    con.execute(window(**rolling, window_end_date="2026-06-10", scope_kind="team"))
    (level,) = read_service_levels(con, month=MAY)
    assert (level.title, level.service, level.method) == ("Checkout answers", "checkout", "events")
    assert (level.objective, level.month.text, level.month.is_met) == ("99.8\u202f%", "99.849\u202f%", True)
    assert (level.own_window.text, level.own_window.is_met) == ("99.79\u202f%", False)
    assert level.own_window.notes == ("75\u202f% of the budget spent",)
    assert level.window == "rolling, to 2026-06-09"


def test_gaps_low_traffic_and_partial_windows_are_said(con: duckdb.DuckDBPyConnection) -> None:
    stated = {"gap_ratio": "0.034", "is_low_traffic": True, "is_partial": True, "budget_spent_ratio": None}
    con.execute(window(window_kind="calendar", **stated))
    (level,) = read_service_levels(con, month=MAY)
    assert level.own_window.notes == ("gaps 3.4\u202f%", "low traffic", "partial")
    assert level.month == NOTHING


def test_what_counted_nothing_is_a_dash_and_neither_met_nor_missed(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(window(window_kind="rolling", attainment_ratio=None, is_met=None))
    (level,) = read_service_levels(con, month=MAY)
    assert (level.own_window.text, level.own_window.is_met) == ("\u2013", None)


def test_every_way_to_count_a_budget_has_a_name_for_people() -> None:
    methods = {"occurrences", "timeslices", "ratio_timeslices", "composite"}
    for method in methods:
        with duckdb.connect(":memory:") as con:
            con.execute(f"create schema marts; {table()}")
            con.execute(window(window_kind="rolling", budgeting_method=method))
            assert len(read_service_levels(con, month=MAY)) == 1


def test_without_the_table_there_is_nothing(con: duckdb.DuckDBPyConnection) -> None:
    assert read_service_levels(con, month=None) == []
    con.execute("drop table marts.mart_slo_attainment")
    assert read_service_levels(con, month=MAY) == []


def test_the_page_has_a_section_where_there_are_objectives(release: Release) -> None:
    release.change(table())
    release.change(window(title=HOSTILE, window_kind="rolling", is_met=False, is_low_traffic=True))
    release.publish()
    page = report_of(release)
    _, _, rest = page.partition('<section id="service-levels">')
    text = rest.partition("</section>")[0]
    assert "&lt;script&gt;alert(1)" in text
    assert "<script>alert" not in page
    assert '99.849\u202f% <span class="badge closed">missed</span>' in text
    assert "<small>low traffic</small>" in text
    assert '<a href="#service-levels">' in page


def test_the_page_has_no_section_where_there_are_none(published: Release) -> None:
    assert "service-levels" not in report_of(published)


@pytest.mark.parametrize(
    ("ratio", "text"),
    [
        ("0.998999999", "99.899\u202f%"),
        ("0.999999999", "99.999\u202f%"),
        ("0.999", "99.9\u202f%"),
        ("1", "100\u202f%"),
        ("0", "0\u202f%"),
    ],
)
def test_a_share_is_cut_and_never_rounded_up(ratio: str, text: str) -> None:
    assert percent(Decimal(ratio)) == text


def test_an_empty_share_is_a_dash() -> None:
    assert percent(None) == "\u2013"
