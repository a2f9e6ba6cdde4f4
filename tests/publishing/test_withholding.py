"""Small cells and metrics that the gate keeps back: in no form of the publication."""

import hashlib
import json
from dataclasses import replace
from datetime import date
from typing import Any

import duckdb
import pytest

from governance.circumstances import CellKey
from publishing.analyst import review_warehouse
from publishing.errors import PublicationInputError
from publishing.review import Withholding
from publishing.tables import Table, read_tables
from publishing.withholding import published_select
from tests.publishing.incentive import METRIC, paying
from tests.publishing.release import AT, CONTEXT, Release

LEAD_TIMES = "from marts.mart_metric_values where metric = 'change_lead_time'"


def test_a_metric_that_pays_is_published_for_teams_with_every_other_value_withheld_for_its_reason(
    release: Release,
) -> None:
    publication = release.publish(**paying(release))
    assert [one.reasons for one in publication.decisions if not one.is_open] == []
    assert release.rows(f"select distinct scope_kind {LEAD_TIMES}") == [("team",)]
    shown = (
        "select min(n), count(*) filter (where value is null and n is null and interval_low is null "
        "and list_contains(flags, 'withheld')) > 0, count(*) filter (where n < 18), "
        f"count(*) filter (where value is not null and len(flags) > 0) {LEAD_TIMES}"
    )
    ((least, has_withheld, too_small, flagged),) = release.rows(shown)
    assert least >= 18
    assert has_withheld
    assert (too_small, flagged) == (0, 0)
    reasons = set(release.rows("select distinct reason from publication.withheld_cells"))
    assert reasons == {("below_minimum_n",), ("partial",)}
    by_reason = (
        f"select distinct scope_id, period_start, unnest(flags) as flag {LEAD_TIMES} and value is null "
        "and list_contains(flags, 'withheld') except select scope_id, period_start, reason "
        "from publication.withheld_cells"
    )
    assert {flag for _, _, flag in release.rows(by_reason)} == {"withheld"}
    wide = (
        "select count(change_lead_time) filter (where scope_kind <> 'team'), min(change_lead_time_n), "
        "count(change_lead_time) filter (where scope_kind = 'team'), "
        "count(change_fail_rate) filter (where scope_kind = 'service') > 0 from marts.mart_dora_monthly"
    )
    ((other_scopes, least_wide, shown_wide, others_untouched),) = release.rows(wide)
    assert (other_scopes, others_untouched) == (0, True)
    assert least_wide >= 18
    assert release.rows(f"select count(value) {LEAD_TIMES}") == [(shown_wide,)]
    assert "values are withheld" in (release.root / "current" / "report.html").read_text()


def test_the_publication_says_what_it_is_for_and_commits_to_the_decision_about_each_value(
    release: Release,
) -> None:
    release.publish(**paying(release))
    manifest = json.loads((release.root / "current" / "manifest.json").read_text())
    assert manifest["purpose"]["name"] == "team_bonus"
    assert manifest["purpose"]["forbidden_uses"] == ["ranking"]
    (gate,) = [one for one in manifest["gate"] if one["metric"] == METRIC]
    lines = release.rows(
        "select decision_json from publication.gate_cells where metric = 'change_lead_time' "
        "order by scope_kind, scope_id, period_grain, period_start"
    )
    assert gate["purpose"] == "team_bonus"
    assert gate["cells"]["sha256"] == hashlib.sha256("".join(f"{x}\n" for (x,) in lines).encode()).hexdigest()
    assert gate["cells"]["shown"] + gate["cells"]["withheld"] == len(lines)
    leaf = json.loads(release.ledger.leaf("governance", gate["leaf"]))
    assert leaf == {name: value for name, value in gate.items() if name != "leaf"}


def disputed(scope: str) -> frozenset[CellKey]:
    months = [date(2025, month, 1) for month in (7, 8, 9)]
    return frozenset(CellKey(METRIC, "team", scope, "month", month) for month in months)


def test_a_disputed_value_is_withheld_and_the_others_are_shown(release: Release) -> None:
    context = paying(release, minimum_n=5) | {"restricted_cells": disputed("payments")}
    release.publish(**context)
    shown = release.rows(f"select distinct scope_id {LEAD_TIMES} and value is not null order by 1")
    assert shown == [("clients",), ("discovery",)]
    flags = release.rows(
        f"select distinct list_contains(flags, 'disputed') {LEAD_TIMES} and scope_id = 'payments'"
    )
    assert flags == [(True,)]


def test_a_disputed_value_that_pays_nobody_is_shown_and_says_so(release: Release) -> None:
    """Its readers must know; and who disputes a number of their own is in no shared file."""
    month = CellKey("change_fail_rate", "team", "payments", "month", date(2025, 8, 1))
    own = month._replace(scope_kind="person", scope_id="person-of-somebody")
    release.publish(**paying(release) | {"restricted_cells": frozenset({month, own})})
    found = release.rows(
        "select metric, scope_kind, scope_id, period_grain, period_start, value is not null "
        "from marts.mart_metric_values where list_contains(flags, 'disputed')"
    )
    assert found == [(*month, True)]
    assert release.rows("select * from publication.disputed_cells") == [(*month,)]
    report = (release.root / "current" / "report.html").read_text()
    assert "1 values are disputed" in report


@pytest.mark.parametrize(
    ("missing", "predicate"),
    [
        ("register", "signoff_present"),
        ("sign_offs", "signoff_present"),
        ("cosigned_by", "witness_cosigned"),
        ("jurisdictions", "some_value_open"),
        ("purposes", None),
        ("restricted_cells", "disputes_known"),
        ("track_crossings", "track_kept_apart"),
        ("column_clocks", "server_observed_times"),
        ("clock_floors", "clock_not_set_back"),
        ("checks", "every_layer_reconciled"),
    ],
)
def test_without_any_one_thing_it_is_kept_back_and_the_others_are_published(
    release: Release, missing: str, predicate: str | None
) -> None:
    context = paying(release)
    del context[missing]
    if predicate is None:
        with pytest.raises(PublicationInputError, match="no purpose team_bonus"):
            release.publish(**context)
        return
    publication = release.publish(**context)
    (decision,) = [one for one in publication.decisions if not one.is_open]
    assert decision.metric == METRIC
    assert predicate in [one.name for one in decision.predicates if not one.is_passed]
    metrics = "select distinct metric from marts.mart_metric_values"
    assert release.rows(metrics) == [("change_fail_rate",)]


OF_IT = "where metric = 'change_lead_time'"


@pytest.mark.parametrize(
    ("statement", "predicate"),
    [
        (f"update marts.mart_metric_values set value = value + 0.000000001 {OF_IT}", "values_recomputed"),
        (f"update marts.mart_metric_values set n = n + 1 {OF_IT} and value > 0", "values_recomputed"),
        ("delete from marts.fct_waits where team_id = 'clients'", "values_recomputed"),
        (f"update marts.dim_metrics set value_sql = 'nonsense(' {OF_IT}", "values_recomputed"),
        (f"update marts.dim_metrics set value_sql = 'avg(waited_seconds)' {OF_IT}", "definition_exact"),
        ("update marts.dim_metrics set exactness = 'approximate'", "definition_exact"),
        ("alter table marts.fct_waits alter waited_seconds type double", "definition_exact"),
        ("drop table intermediate.int_team_exposure_periods", "some_value_open"),
        ("update intermediate.int_team_exposure_periods set team_size = 4", "some_value_open"),
        ("delete from marts.dim_teams", "some_value_open"),
    ],
)
def test_what_the_data_says_against_a_metric_keeps_it_back(
    release: Release, statement: str, predicate: str
) -> None:
    context = paying(release)
    release.change(statement)
    publication = release.publish(**context)
    (decision,) = [one for one in publication.decisions if not one.is_open]
    assert predicate in [one.name for one in decision.predicates if not one.is_passed]


FLAGGED = "author where is_author_settable"


@pytest.mark.parametrize(
    ("clock", "filter_sql", "flagged_facts", "is_open"),
    [
        (FLAGGED, "waited_seconds >= 0", 0, False),
        (FLAGGED, "waited_seconds >= 0 and not is_author_settable", 0, True),
        (FLAGGED, "(not (is_author_settable)) and waited_seconds >= 0", 0, True),
        (FLAGGED, "waited_seconds >= 0 or not is_author_settable", 0, False),
        (FLAGGED, "waited_seconds >= 0 and not is_author_settable", 1, True),
        (FLAGGED, "waited_seconds >= 0", 1, False),
        ("author", "waited_seconds >= 0", 0, False),
        ("people", "waited_seconds >= 0", 0, False),
        ("none", "waited_seconds >= 0", 0, True),
    ],
)
def test_a_time_that_an_author_can_set_is_refused_unless_the_filter_keeps_it_out(
    release: Release, clock: str, filter_sql: str, flagged_facts: int, *, is_open: bool
) -> None:
    context = paying(release)
    context["column_clocks"] = context["column_clocks"] | {"marts.fct_waits.waited_seconds": clock}
    release.change(
        f"update marts.dim_metrics set filter_sql = '{filter_sql}' where metric = 'change_lead_time'; "
        f"insert into marts.fct_waits select * replace (true as is_author_settable) from marts.fct_waits "
        f"limit {flagged_facts}"
    )
    publication = release.publish(**context)
    failing = {
        result.name for one in publication.decisions for result in one.predicates if not result.is_passed
    }
    assert ("server_observed_times" not in failing) is is_open


def test_whom_a_metric_measures_is_known_in_every_tier(release: Release) -> None:
    """Else nobody could sign a metric that does not pay, for they might be measured by it."""
    context = replace(CONTEXT, **paying(release, tier="certified", required_roles="[finance]"))
    review = review_warehouse(release.warehouse, context, at=AT, only=METRIC)
    assert list(review.reviewed) == [METRIC]
    assert review.reviewed[METRIC].cells.teams == {"payments", "discovery", "clients"}
    assert [one.name for one in review.decisions[0].predicates if not one.is_passed] == ["signoff_present"]


def test_a_purpose_that_the_policy_does_not_list_is_refused(release: Release) -> None:
    context = paying(release, purposes="[]")
    publication = release.publish(**context)
    (decision,) = [one for one in publication.decisions if not one.is_open]
    assert "team_bonus is not listed by the policy" in "".join(decision.reasons)


def published(
    rows: str, *withholdings: Withholding, name: str = "mart_metric_values"
) -> list[tuple[Any, ...]]:
    with duckdb.connect() as con:
        con.execute(f"create schema marts; create table marts.{name} as {rows}")
        (table,) = read_tables(con, "memory")
        return con.execute(f"{published_select(table, withholdings)} order by all").fetchall()


def test_a_cell_at_the_minimum_is_shown_and_one_below_is_not() -> None:
    rows = (
        "select * from (values ('a', 'team', 5, 1.5, ['x']), ('a', 'team', 4, 2.5, null), "
        "('b', 'team', 1, 3.5, [])) as v(metric, scope_kind, n, value, flags)"
    )
    assert published(rows, Withholding("a", is_closed=False, minimum_n=5, scope_kinds=("team",))) == [
        ("a", "team", 5, 1.5, ["x"]),
        ("a", "team", None, None, ["withheld"]),
        ("b", "team", 1, 3.5, []),
    ]


def test_what_the_mart_has_withheld_is_flagged_once() -> None:
    flags = "['withheld', 'below_team_size'] as flags"
    rows = f"select 'a' as metric, 'team' as scope_kind, null as n, null as value, {flags}"
    held = Withholding("a", is_closed=False, minimum_n=5, scope_kinds=("team",))
    assert published(rows, held) == [("a", "team", None, None, ["withheld", "below_team_size"])]


def test_a_metric_whose_name_begins_like_another_is_not_withheld_with_it() -> None:
    rows = "select 'service' as scope_kind, 1.5 as lead, 9 as lead_n, 2.5 as lead_p90, 9 as lead_p90_n"
    shown = published(
        rows,
        Withholding("lead", is_closed=True, minimum_n=0, scope_kinds=()),
        Withholding("lead_p90", is_closed=False, minimum_n=0, scope_kinds=("service",)),
        name="mart_wide",
    )
    assert shown == [("service", None, None, 2.5, 9)]


def test_a_wide_mart_without_n_shows_nothing_of_a_metric_that_needs_one() -> None:
    rows = "select 'team' as scope_kind, 1.5 as lead"
    held = Withholding("lead", is_closed=False, minimum_n=5, scope_kinds=("team",))
    assert published(rows, held, name="mart_wide") == [("team", None)]


def test_facts_and_dimensions_are_copied_as_they_are() -> None:
    table = Table("memory", "marts", "fct_changes", {"change_id": "VARCHAR"})
    assert published_select(table, []) == 'select "change_id" from "memory"."marts"."fct_changes"'


OPEN_CELLS = """
create schema publication;
create table publication.gate_cells as select * from (values
    ('pays', 'team', 'a', 'month', date '2026-05-01', true, []::varchar[]),
    ('pays', 'team', 'b', 'month', date '2026-05-01', false, ['incomplete'])
) as v(metric, scope_kind, scope_id, period_grain, period_start, is_open, reasons);
create table publication.disputed_cells as
select * exclude (is_open, reasons) from publication.gate_cells where false;
create schema marts;
"""
PAYS = Withholding("pays", is_closed=False, minimum_n=5, scope_kinds=("team",), is_decided_by_cell=True)


def shown(table: str, rows: str) -> list[tuple[Any, ...]]:
    """What is published of a mart where one value of a metric that pays is open and one is not."""
    with duckdb.connect() as con:
        con.execute(f"{OPEN_CELLS} create table marts.{table} as {rows}")
        (found,) = read_tables(con, "memory")
        return con.execute(f"{published_select(found, [PAYS])} order by all").fetchall()


TEAMS = "(values ('a', 7.5), ('b', 8.5), ('unasked', 9.5)) as v(scope_id, pays)"
KEYS = "'team' as scope_kind, scope_id, date '2026-05-01' as period_start"


def test_a_wide_mart_shows_what_the_gate_has_as_open_at_its_own_grain() -> None:
    may = "date '2026-05-01'"
    rows = f"select {KEYS}, pays, 30 as pays_n from {TEAMS}"
    found = [(team, value, n) for _, team, _, value, n in shown("mart_dora_monthly", rows)]
    assert found == [("a", 7.5, 30), ("b", None, None), ("unasked", None, None)], may
    assert {value for _, _, _, value, _ in shown("mart_dora_weekly", rows)} == {None}
    assert {value for _, _, _, value, _ in shown("mart_of_no_grain", rows)} == {None}


def test_what_is_formed_of_several_metrics_stays_back_with_each_of_them() -> None:
    rows = (
        f"select {KEYS}, 'month' as period_grain, pays as pays_score, 3.5 as overall_score, "
        f"'high' as nearest_cluster_2024 from {TEAMS}"
    )
    found = [(row[1], *row[4:]) for row in shown("mart_dora_benchmarks", rows)]
    assert found[0] == ("a", 7.5, 3.5, "high")
    assert found[1:] == [("b", None, None, None), ("unasked", None, None, None)]


def test_the_scorecard_shows_no_value_that_stays_back_not_even_beside_another_metric() -> None:
    rows = (
        "select metric, scope_id as team_id, 'month' as period_grain, date '2026-05-01' as period_start, "
        "pays as value, pays as baseline_value, ['pays'] as counter_metrics, [pays] as counter_values "
        f"from {TEAMS}, (values ('pays'), ('other')) as m(metric)"
    )
    found = [(row[0], row[1], row[4], row[5], row[7]) for row in shown("mart_team_scorecard", rows)]
    assert found == [
        ("other", "a", 7.5, 7.5, None),
        ("other", "b", 8.5, 8.5, None),
        ("other", "unasked", 9.5, 9.5, None),
        ("pays", "a", 7.5, None, None),
    ]


def test_another_tools_number_stays_back_with_ours() -> None:
    rows = (
        f"select 'theirs' as metric, {KEYS}, 'month' as period_grain, 'pays' as dora_2026_metric, "
        f"pays as dora_2026_value, 1.0 as profile_value from {TEAMS}"
    )
    assert [row[2] for row in shown("mart_profile_comparison", rows)] == ["a"]
