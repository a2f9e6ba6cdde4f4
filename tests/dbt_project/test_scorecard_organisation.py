"""Scorecards of a whole organisation: the metrics' own values, conservation, indifference, privacy."""

import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestration.flow.settings_rows import settings_rows
from orchestration.settings import examine
from tests.dbt_project.compiled import compiled_models
from tests.dbt_project.ownership_stories import away, employed
from tests.dbt_project.stories import Row, Story, Told
from tests.dbt_project.test_metric_values import eventful
from tests.dbt_project.warehouse import PROJECT, manifest

CARD = "select * from marts.mart_team_scorecard"
ORDERED = "metric, profile, team_id, period_grain, period_start, normalisation"
OF_PEERS = re.compile(r"^(peer_|own_share$|shrunken_value$|not_compared_reason$)")
FAULTS = {
    "withheld_teams_show_no_number": "fte_days = 3, withheld_reason = 'below_team_size'",
    "teams_below_the_minimum_size_are_withheld": "team_size = 4, withheld_reason = null",
    "what_is_not_compared_has_no_place": "peer_score = 1, not_compared_reason = 'partial'",
    "what_is_compared_has_enough_peers": "not_compared_reason = null, peer_count = 3",
    "what_is_compared_has_an_interval": "not_compared_reason = null, interval_low = null",
    "scorecard_intervals_enclose_their_value": "interval_high = value - 1",
    "shrunken_values_lie_between_the_teams_and_the_groups": "own_share = 1.1",
    "baselines_are_earlier_than_their_period": "baseline_period_start = period_start",
    "counters_stand_beside_their_metric": "withheld_reason = null, counter_values = []",
    "only_counts_are_divided": "normalisation = 'per_100_fte_days', denominator = 3",
}
NEW_MODELS = (
    "int_team_service_days",
    "int_team_exposure_periods",
    "int_team_remainders",
    "int_team_peer_groups",
    "int_team_context_windows",
    "int_team_rates",
    "int_team_peer_statistics",
)


def staffed(story: Story | None = None) -> Story:
    """The eventful organisation with ten people in each of its teams, one of them on leave, and a window."""
    told = eventful(story)
    window = {"window_name": "ledger", "window_kind": "migration", "team_id": "payments"}
    days = {"from_date": date(2026, 5, 4), "until_date": date(2026, 5, 8)}
    told.flow["context_windows"] = [{**window, **days}]
    for number in range(20):
        employed(
            told, f"p_{number}", ("payments", "discovery")[number % 2], "2026-01-01", fte=1 - number / 50
        )
    away(told, "p_0", "2026-05-04", "2026-05-18")
    return told


@pytest.fixture(scope="module")
def told() -> Told:
    return staffed().build()


def test_a_scorecard_cell_and_the_metric_cell_never_disagree(told: Told) -> None:
    columns = "value, interval_low, interval_high, numerator, denominator, n"
    plain = told.rows(
        f"select metric, team_id, period_grain, period_start, {columns} from marts.mart_team_scorecard "
        "where normalisation = 'none' order by all"
    )
    cells = told.rows(
        f"select metric, scope_id as team_id, period_grain, period_start, {columns} "
        "from marts.mart_metric_values where scope_kind = 'team' and period_grain in ('month', 'quarter') "
        "order by all"
    )
    assert len(cells) > 300
    assert plain == cells


def test_rates_times_exposure_are_the_counts(told: Told) -> None:
    rows = told.rows(f"{CARD} where normalisation = 'per_100_fte_days' and numerator > 0")
    assert len(rows) > 20
    for row in rows:
        assert abs(row["value"] * row["fte_days"] / 100 - row["numerator"]) < Decimal("0.000001"), row


def test_unit_exposure_of_a_quarter_is_that_of_its_months(told: Told) -> None:
    rows = told.rows(
        "select team_id, period_grain, date_trunc('quarter', period_start) as quarter, "
        "sum(fte_days)::varchar as fte, sum(service_days)::bigint as services "
        "from intermediate.int_team_exposure_periods group by all order by all"
    )
    months, quarters = (
        {
            (row["team_id"], row["quarter"]): (row["fte"], row["services"])
            for row in rows
            if row["period_grain"] == grain
        }
        for grain in ("month", "quarter")
    )
    assert months == quarters
    assert len(months) >= 6


def test_a_service_day_belongs_to_the_owner_of_its_noon(told: Told) -> None:
    rows = told.rows(
        "select team_id, min(exposure_date)::varchar as first, max(exposure_date)::varchar as last "
        "from intermediate.int_team_service_days where own_service_count > 0 and team_id = 'payments' "
        "group by all"
    )
    assert [tuple(row.values()) for row in rows] == [("payments", "2026-01-01", "2026-05-04")]


def test_leave_takes_exposure_from_the_team_and_nothing_else_does(told: Told) -> None:
    (row,) = told.rows(
        "select fte_days::varchar as fte, team_size from intermediate.int_team_exposure_periods "
        "where team_id = 'payments' and period_grain = 'month' and period_start = '2026-05-01'"
    )
    shares = sum(Decimal(50 - number) / 50 for number in range(0, 20, 2))
    assert Decimal(row["fte"]) == 21 * shares - 10  # 21 working days in May, ten of them away
    assert row["team_size"] == 10


def test_the_size_of_a_team_is_that_of_a_usual_day_and_not_of_its_guests_day() -> None:
    story = Story(coverage=("2026-05-01 00:00", "2026-06-01 00:00"))
    story.team("payments")
    for number in range(3):
        employed(story, f"p_{number}", "payments", "2026-01-01")
    for number in range(9):
        employed(story, f"p_guest_{number}", "payments", "2026-05-05", "2026-05-07")
    (row,) = story.build().rows(
        "select team_size from intermediate.int_team_exposure_periods where period_grain = 'month'"
    )
    assert row["team_size"] == 3


def test_splitting_a_team_conserves_the_totals_of_what_it_was(told: Told) -> None:
    story = staffed()
    story.team("ranking", parent="discovery")
    story.owners = [
        {**row, "team_id": "ranking"} if row["service_id"] == "search" else row for row in story.owners
    ]
    for row in story.staged["stg_roster__employments"]:
        if row["team"] == "discovery" and int(row["person_token"][2:]) > 9:
            row["team"] = "ranking"
    split = story.build()
    own = "select sum(own_fte_days)::varchar as fte, sum(own_service_days)::bigint as services "
    for grain in ("month", "quarter"):
        query = f"{own} from intermediate.int_team_exposure_periods where period_grain = '{grain}'"
        assert split.rows(query) == told.rows(query)
    kept = f"{CARD} where team_id <> 'ranking' order by {ORDERED}"
    assert _without_peers(split.rows(kept)) == _without_peers(told.rows(kept))


def test_an_unrelated_team_changes_nothing_of_the_others_but_their_place(told: Told) -> None:
    story = staffed()
    story.team("others")
    story.service("other")
    story.owner("other", "others")
    story.history("opqr", on="acme/other", start="05-01 10:00")
    for number, name in enumerate("opq", start=1):
        story.deployment(400 + number, name, on="acme/other", start=f"05-{10 + number} 10:00")
    for number in range(9):
        employed(story, f"p_other_{number}", "others", "2026-01-01")
    changed = story.build()
    kept = f"{CARD} where team_id <> 'others' order by {ORDERED}"
    assert changed.rows(f"{CARD} where team_id = 'others'")
    assert _without_peers(changed.rows(kept)) == _without_peers(told.rows(kept))


def test_rows_and_their_order_are_the_same_with_one_thread_and_eight(told: Told) -> None:
    story = staffed()
    story.threads = 8
    for rows in story.staged.values():
        rows.reverse()
    assert story.build().rows(CARD) == told.rows(CARD)


def _without_peers(rows: list[Row]) -> list[Row]:
    return [{name: value for name, value in row.items() if not OF_PEERS.match(name)} for row in rows]


@pytest.mark.parametrize(
    ("leads", "rest", "is_shown"),
    [(0, 0, True), (1, 0, False), (5, 0, True), (0, 2, False), (0, 6, True), (3, 2, True)],
)
def test_fte_days_of_few_people_do_not_come_out_by_subtraction(
    leads: int, rest: int, *, is_shown: bool
) -> None:
    story = staffed()
    story.team("rest", parent="commerce")
    for team, people in (("commerce", leads), ("rest", rest)):
        for number in range(people):
            employed(story, f"p_{team}_{number}", team, "2026-01-01")
    rows = story.build().rows(
        f"{CARD} where team_id = 'commerce' and metric = 'deployment_frequency' "
        "and period_grain = 'month' and period_start = '2026-05-01'"
    )
    by = {row["normalisation"]: row for row in rows}
    assert by["per_100_fte_days"]["withheld_reason"] == (None if is_shown else "small_remainder")
    assert (by["per_100_fte_days"]["value"] is not None) == is_shown
    assert [row["fte_days"] is not None for row in rows] == [is_shown] * 3
    assert by["none"]["n"] == 15


def test_a_small_remainder_further_down_does_not_come_out_either() -> None:
    """Without a round for each level, commerce less its large teams would be the one lead of `middle`."""
    story = staffed()
    story.team("middle", parent="commerce")
    story.team("below", parent="middle")
    employed(story, "p_lead", "middle", "2026-01-01")
    for number in range(6):
        employed(story, f"p_below_{number}", "below", "2026-01-01")
    rows = story.build().rows(
        "select team_id, remainder_size from intermediate.int_team_remainders "
        "where period_grain = 'month' and period_start = '2026-05-01' and remainder_size < 5 order by team_id"
    )
    assert [tuple(row.values()) for row in rows] == [("commerce", 1), ("middle", 1)]


# --- data tests and their faults


def rules() -> list[tuple[str, str]]:
    """Name and condition of every rule that no row of the scorecard may meet."""
    path = Path(PROJECT) / "models" / "marts" / "mart_team_scorecard.yml"
    (document,) = yaml.safe_load(path.read_text(encoding="utf-8"))["models"]
    found = [test["no_rows_where"] for test in document["data_tests"] if "no_rows_where" in test]
    return [(rule["name"], rule["arguments"]["condition"]) for rule in found]


def test_every_rule_has_a_planted_fault() -> None:
    assert {name for name, _ in rules()} == set(FAULTS)


@pytest.mark.parametrize(("name", "condition"), rules())
def test_a_planted_fault_is_found(told: Told, name: str, condition: str) -> None:
    assert told.rows(CARD)
    con = told.warehouse
    assert told.rows(f"{CARD} where {condition}") == []
    con.execute("begin")
    try:
        con.execute(f"update marts.mart_team_scorecard set {FAULTS[name]} where value is not null")
        assert told.rows(f"{CARD} where {condition}")
    finally:
        con.execute("rollback")


@pytest.mark.parametrize(
    ("model", "fault", "condition"),
    [
        ("int_team_service_days", "own_service_count = 9", "own_service_count > service_count"),
        ("int_team_exposure_periods", "own_fte_days = 9999", "own_fte_days > fte_days"),
        ("int_team_exposure_periods", "team_size = null", "fte_days > 0 and coalesce(team_size, 0) = 0"),
    ],
)
def test_a_fault_of_exposure_is_found_by_its_own_rule(
    told: Told, model: str, fault: str, condition: str
) -> None:
    path = Path(PROJECT) / "models" / "intermediate" / f"{model}.yml"
    assert condition in path.read_text(encoding="utf-8")
    assert told.rows(f"select * from intermediate.{model} where {condition}") == []
    told.warehouse.execute("begin")
    told.warehouse.execute(f"update intermediate.{model} set {fault}")
    assert told.rows(f"select * from intermediate.{model} where {condition}")
    told.warehouse.execute("rollback")


@pytest.mark.parametrize("model", [*NEW_MODELS, "mart_team_scorecard"])
def test_a_doubled_row_breaks_the_key_of_its_model(told: Told, model: str) -> None:
    (test,) = (
        node
        for node in manifest().nodes.values()
        if node.name.startswith("unique_together")
        and any(on.endswith(f".{model}") for on in node.depends_on.nodes)
    )
    schema = "marts" if model.startswith("mart_") else "intermediate"
    columns = ", ".join(test.test_metadata.kwargs["columns"])
    doubled = f"select {columns} from {schema}.{model} group by all having count(*) > 1"
    assert told.rows(doubled) == []
    assert told.rows(f"select 1 from {schema}.{model} limit 1")
    told.warehouse.execute("begin")
    told.warehouse.execute(f"insert into {schema}.{model} from {schema}.{model} limit 1")
    assert told.rows(doubled)
    told.warehouse.execute("rollback")


# --- people


def test_metrics_exist_for_services_teams_and_organisations_and_for_nobody_else() -> None:
    models = list(manifest().semantic_models.values())
    assert len(models) > 5
    for model in models:
        scopes = model.config.meta["scope_columns"]
        assert set(scopes) == {"service", "team", "organisation"}, model.name
        assert not [column for column in scopes.values() if _is_of_people(column)], model.name


def test_no_mart_has_a_column_of_a_person() -> None:
    marts = [node for node in manifest().nodes.values() if node.name.startswith("mart_")]
    assert len(marts) > 10
    for mart in marts:
        assert [column for column in mart.columns if _is_of_people(column)] == [], mart.name


def test_no_mart_orders_or_groups_people() -> None:
    marts = [model for model in compiled_models() if model.name.startswith("mart_")]
    assert len(marts) > 10
    for mart in marts:
        assert _rankings_of_people(mart.sql) == [], mart.name


@pytest.mark.parametrize(
    ("sql", "is_found"),
    [
        ("select author_token, count(*) from f group by author_token", True),
        ("select rank() over (partition by team_id order by person_token) from f", True),
        (
            "select rank() over (order by merged) from (select * from f group by team_id, person_token) as p",
            True,
        ),
        ("select count(distinct person_token) as person_count from f group by team_id", False),
        ("select rank() over (order by deployed_at) from f", False),
    ],
)
def test_the_search_for_rankings_of_people_finds_them(sql: str, *, is_found: bool) -> None:
    assert bool(_rankings_of_people(sql)) == is_found


def _is_of_people(column: str) -> bool:
    return bool(
        re.search(
            r"(?:^|_)(?:token|login|person|author|reviewer|assignee|employee|engineer)(?:_id|_token)?$",
            column,
        )
    )


def _rankings_of_people(sql: str) -> list[str]:
    """What groups, partitions or orders by somebody."""
    keys = r"(?:group by|partition by|order by)((?:\s+|,|[\w.])+)"
    return [found for found in re.findall(keys, sql, re.IGNORECASE) if re.search(r"\w_token\b", found)]


# --- settings


def test_settings_become_limits_and_a_row_for_each_team_of_a_window(tmp_path: Path) -> None:
    settings, problems = examine(
        _assay_yml("teams: [a, b], from: 2026-01-01, until: 2026-02-01"), folder=tmp_path
    )
    assert problems == []
    assert settings is not None
    rows = settings_rows(settings, repositories=())
    assert rows["scorecard"].to_pylist() == [{"minimum_team_size": 6, "minimum_peer_count": 4}]
    assert [row["team_id"] for row in rows["context_windows"].to_pylist()] == ["a", "b"]


@pytest.mark.parametrize(
    ("window", "complaint"),
    [
        ("teams: [c], from: 2026-01-01, until: 2026-02-01", "there is no team 'c'"),
        ("from: 2026-02-01, until: 2026-02-01", "does not come after"),
        ("kind: party, from: 2026-01-01, until: 2026-02-01", "party"),
    ],
)
def test_a_window_that_says_nothing_true_is_refused(window: str, complaint: str, tmp_path: Path) -> None:
    _, problems = examine(_assay_yml(window), folder=tmp_path)
    assert any(complaint in problem.text("assay.yml") for problem in problems), problems


@pytest.mark.parametrize("limits", ["minimum_team_size: 2", "minimum_peers: 3"])
def test_limits_that_would_show_single_people_are_refused(limits: str, tmp_path: Path) -> None:
    _, problems = examine(_assay_yml("from: 2026-01-01, until: 2026-02-01", limits), folder=tmp_path)
    assert problems


def _assay_yml(window: str, limits: str = "minimum_team_size: 6") -> str:
    kind: Any = "" if "kind:" in window else "kind: freeze, "
    return (
        "organisation: acme\n"
        "sources: [{name: git, kind: git, repositories: [{name: acme/shop, path: .}]}]\n"
        "teams: [{name: a}, {name: b}]\n"
        f"scorecard: {{{limits}}}\n"
        f"context_windows: [{{name: x, {kind}{window}}}]\n"
    )
