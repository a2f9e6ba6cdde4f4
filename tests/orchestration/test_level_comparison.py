"""Months of objectives beside the truth: sums by hand, and a difference of any size is a difference."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb
import pytest

from connectors.sandbox import Organisation, simulate
from connectors.sandbox.level_truth import LevelTruth
from orchestration.screens.demonstration import level_lines
from orchestration.truth.levels import compare_levels

MAY = date(2026, 5, 1)
LEVEL = LevelTruth(
    "shop-answers",
    "service",
    "shop",
    MAY,
    attainment=Decimal("0.998"),
    is_met=True,
    counted=Fraction(1000),
    budget=Fraction(5, 2),
    spent=Fraction(2),
)


def publication(folder: Path, *rows: tuple[Any, ...]) -> Path:
    with duckdb.connect(str(folder / "analyst.duckdb")) as con:
        con.execute("create schema marts")
        con.execute(
            "create table marts.mart_slo_attainment (objective_id varchar, scope_kind varchar, "
            "scope_id varchar, window_kind varchar, window_start_date date, is_composite boolean, "
            "attainment_ratio decimal(28, 9), is_met boolean, counted_units decimal(38, 9), "
            "budget_units decimal(38, 9), spent_units decimal(38, 9), withheld_reason varchar)"
        )
        for row in (*rows, (*published()[:3], "rolling", *published()[4:])):
            reason = None if len(row) == len(published()) else row[-1]
            places = ", ".join("?" * (len(published()) + 1))
            values = [*row[: len(published())], reason]
            con.execute(f"insert into marts.mart_slo_attainment values ({places})", values)
    return folder


def published(**changed: Any) -> tuple[Any, ...]:
    row: dict[str, Any] = {
        "objective": "shop-answers",
        "scope_kind": "service",
        "scope": "shop",
        "window_kind": "month",
        "month": "2026-05-01",
        "is_composite": False,
        "attainment": "0.998",
        "is_met": True,
        "counted": 1000,
        "budget": "2.5",
        "spent": 2,
    }
    return tuple((row | changed).values())


def test_equal_months_are_equal(tmp_path: Path) -> None:
    found = compare_levels(publication(tmp_path, published()), [LEVEL])
    assert (found.compared, found.differences) == (1, ())
    assert next(level_lines(found)).endswith("all equal, to the last digit.")


def test_a_withheld_month_is_neither_equal_nor_different(tmp_path: Path) -> None:
    silent = dict.fromkeys(("attainment", "is_met", "counted", "budget", "spent"))
    row = (*published(**silent), "below_team_size")
    found = compare_levels(publication(tmp_path, row), [LEVEL])
    assert (found.compared, found.withheld, found.differences) == (0, 1, ())


def test_a_withheld_month_that_says_something_is_a_difference(tmp_path: Path) -> None:
    row = (*published(attainment=None), "below_team_size")
    found = compare_levels(publication(tmp_path, row), [LEVEL])
    assert (found.withheld, len(found.differences)) == (0, 1)


@pytest.mark.parametrize(
    "changed",
    [
        {"attainment": "0.998000001"},
        {"is_met": False},
        {"counted": 1001},
        {"budget": "2.500000001"},
        {"spent": 3},
        {"scope": "other"},
        {"month": "2026-06-01"},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_any_difference_is_found(tmp_path: Path, changed: dict[str, Any]) -> None:
    found = compare_levels(publication(tmp_path, published(**changed)), [LEVEL])
    assert found.differences
    lines = list(level_lines(found))
    assert lines[0].startswith("DIFFERS ")
    assert "differ" in lines[-1]


def test_of_a_composite_only_its_attainment_is_compared(tmp_path: Path) -> None:
    composite = replace(LEVEL, counted=None, budget=None, spent=None)
    folder = publication(tmp_path, published(is_composite=True, counted=1, budget="0.1", spent="0.2"))
    assert compare_levels(folder, [composite]).differences == ()


@pytest.fixture(scope="module")
def acme() -> Organisation:
    return simulate(services=3, months=3)


def test_every_kind_of_objective_has_a_truth_in_every_month(acme: Organisation) -> None:
    found = {(row.objective, row.month.month) for row in acme.levels() if row.scope_kind == "service"}
    assert {objective for objective, month in found if month == 5} == {
        "checkout-answers",
        "checkout-is-up",
        "checkout-journey",
        "checkout-journey/1",
        "checkout-journey/2",
        "checkout-good-hours",
        "search-good-hours",
        "search-edge",
        "invoicing-good-hours",
        "invoicing-edge",
    }
    whole = [row for row in acme.levels() if row.objective == "search-good-hours" and row.month.month == 5]
    assert {row.counted for row in whole} == {744}, "a month has 744 hours, all of which are known"


def test_a_month_is_split_where_the_service_changed_hands(acme: Organisation) -> None:
    (reorganisation,) = acme.company.reorganisations
    assert reorganisation.service_moves == (("invoicing", "fulfilment"),)
    rows = {
        (row.scope_id, row.month.month): row
        for row in acme.levels()
        if row.objective == "invoicing-good-hours"
    }
    whole, before, after = (rows[scope, 4] for scope in ("invoicing", "payments", "fulfilment"))
    assert None not in (whole.counted, before.counted, after.counted)
    assert (before.counted or 0) + (after.counted or 0) == whole.counted
    assert after.counted == 24, "on the thirtieth of April"
    assert ("payments", 5) not in rows


def test_a_composite_weighs_its_parts(acme: Organisation) -> None:
    rows = {
        (row.objective, row.month.month): row.attainment
        for row in acme.levels()
        if row.scope_kind == "service"
    }
    whole, answers, is_up = (rows[f"checkout-journey{part}", 5] for part in ("", "/1", "/2"))
    assert answers is not None
    assert is_up is not None
    assert whole == ((3 * answers + is_up) / 4).quantize(Decimal("1e-9"))
