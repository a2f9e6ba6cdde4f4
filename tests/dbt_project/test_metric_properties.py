"""What must hold of any organisation: conservation, indifference, displacement and determinism."""

from datetime import timedelta

import pytest

from tests.dbt_project.compiled import compiled_models
from tests.dbt_project.stories import Row, Story, Told
from tests.dbt_project.test_metric_values import eventful

CELLS = "select * from marts.mart_metric_values"
ADDED_UP = ("deployment_frequency", "change_fail_rate", "deployment_rework_rate", "open_failed_deployments")


@pytest.fixture(scope="module")
def told() -> Told:
    return eventful().build()


def test_an_unrelated_service_changes_nothing_of_the_others(told: Told) -> None:
    story = eventful()
    story.service("other")
    story.owner("other", "others")
    story.history("opqr", on="acme/other", start="05-01 10:00")
    for number, name in enumerate("opq", start=1):
        story.deployment(400 + number, name, on="acme/other", start=f"05-{10 + number} 10:00")
    story.incident(9, of="other", when="05-13 12:00")
    changed = story.build()
    kept = f"{CELLS} where scope_kind <> 'organisation' and scope_id not in ('other', 'others') order by all"
    assert changed.rows(kept) == told.rows(kept)
    for fact in (
        "fct_deployments",
        "fct_changes",
        "fct_change_failures",
        "fct_incidents",
        "fct_pull_requests",
    ):
        query = f"select * from marts.{fact} where service_id is distinct from 'other' order by all"
        assert changed.rows(query) == told.rows(query)


def test_moving_all_times_by_whole_weeks_moves_the_weeks_and_nothing_else(told: Told) -> None:
    weeks = timedelta(weeks=3)
    story = Story(shift=weeks)
    moved = eventful(story).build()
    query = f"{CELLS} where period_grain = 'week' order by metric, scope_kind, scope_id, period_start"
    expected = [
        {**row, "period_start": row["period_start"] + weeks, "period_end": row["period_end"] + weeks}
        for row in told.rows(query)
    ]
    assert moved.rows(query) == expected


def test_moving_all_times_by_whole_days_moves_the_days_and_nothing_else(told: Told) -> None:
    days = timedelta(days=3)
    moved = eventful(Story(shift=days)).build()
    query = f"{CELLS} where period_grain = 'day' order by metric, scope_kind, scope_id, period_start"
    expected = [
        {**row, "period_start": row["period_start"] + days, "period_end": row["period_end"] + days}
        for row in told.rows(query)
    ]
    assert moved.rows(query) == expected


def test_the_order_in_which_records_arrive_changes_no_value(told: Told) -> None:
    story = eventful()
    for rows in story.staged.values():
        for row in rows:
            row["record_id"] = story.records + 1 - row["record_id"]
        rows.reverse()
    again = story.build()
    query = f"{CELLS} order by metric, scope_kind, scope_id, period_grain, period_start"
    assert again.rows(query) == told.rows(query)
    for fact in (
        "fct_deployments",
        "fct_changes",
        "fct_change_failures",
        "fct_incidents",
        "fct_pull_requests",
    ):
        columns = f"select * exclude (record_ids, context_record_ids) from marts.{fact} order by all"
        assert again.rows(columns) == told.rows(columns), fact


def test_splitting_a_team_conserves_the_totals_of_its_parts(told: Told) -> None:
    story = eventful()
    story.team("ranking", parent="discovery")
    story.owners = [
        {**row, "team_id": "ranking"} if row["service_id"] == "search" else row for row in story.owners
    ]
    split = story.build()
    for metric in ADDED_UP:
        assert _added(split, metric, "scope_id = 'discovery'") == _added(
            told, metric, "scope_id = 'discovery'"
        )
    kept = f"{CELLS} where scope_id <> 'ranking' order by all"
    assert split.rows(kept) == told.rows(kept)


def test_services_and_unowned_root_teams_add_up_to_the_organisation(told: Told) -> None:
    for metric in ADDED_UP:
        whole = _added(told, metric, "scope_kind = 'organisation'")
        assert whole == _added(told, metric, "scope_kind = 'service'")
        assert whole == _added(told, metric, "scope_id = 'commerce'")


def test_months_add_up_to_their_quarters(told: Told) -> None:
    rows = told.rows(
        "select metric, scope_kind, scope_id, date_trunc('quarter', period_start) as quarter, period_grain, "
        "sum(n)::bigint as n, sum(numerator)::bigint as numerator from marts.mart_metric_values "
        "where period_grain in ('month', 'quarter') group by all order by all"
    )
    months, quarters = (
        {_key(row): (row["n"], row["numerator"]) for row in rows if row["period_grain"] == grain}
        for grain in ("month", "quarter")
    )
    assert months == quarters


def test_every_production_deployment_is_in_one_service_one_day_and_at_most_one_team(told: Told) -> None:
    rows = told.rows("select * from marts.fct_deployments where is_production and outcome = 'success'")
    counted = told.rows(
        "select sum(n)::bigint as n from marts.mart_metric_values "
        "where metric = 'deployment_frequency' and period_grain = 'week' and scope_kind = 'service'"
    )
    assert counted[0]["n"] == len(rows)
    assert all(row["service_id"] and row["deployed_date"] for row in rows)


def test_every_known_commit_that_is_a_change_is_in_the_facts_once(told: Told) -> None:
    rows = told.rows(
        "select commits.commit_sha, count(changes.change_id)::bigint as change_count "
        "from intermediate.int_commits as commits left join marts.fct_changes as changes using (commit_sha) "
        "where not commits.is_merge and commits.commit_sha not in "
        "(select carrier_sha from intermediate.int_pull_request_changes) group by all"
    )
    assert len(rows) > 10
    assert {row["change_count"] for row in rows} == {1}


def test_splitting_an_ownership_in_time_conserves_the_organisation(told: Told) -> None:
    story = eventful()
    story.owners = [row for row in story.owners if row["service_id"] != "search"]
    for start, end, team in ((None, "05-05 00:00", "discovery"), ("05-05 00:00", None, "payments")):
        story.owner("search", team, since=start, until=end)
    split = story.build()
    whole = f"{CELLS} where scope_kind in ('organisation', 'service') or scope_id = 'commerce' order by all"
    assert split.rows(whole) == told.rows(whole)
    parts = "scope_kind = 'team' and scope_id in ('payments', 'discovery')"
    assert _added(split, "deployment_frequency", parts) == _added(told, "deployment_frequency", parts)


def test_one_thread_and_eight_give_the_same_rows_in_the_same_order(told: Told) -> None:
    story = eventful()
    story.threads = 8
    again = story.build()
    tables = [
        row["table_name"]
        for row in told.rows("select table_name from information_schema.tables where table_schema = 'marts'")
    ]
    assert len(tables) > 15
    for table in tables:
        query = f"select * from marts.{table}"
        assert again.rows(query) == told.rows(query), table


def test_no_model_compares_every_row_with_every_other(told: Told) -> None:
    """A condition on one side only made an outer join quadratic: hours for a million changes."""
    # the one row of the rules; teams and their spans; owners' spans beside the one row of reporting; gaps
    of_few_rows = {
        "int_incident_issues",
        "int_incidents_tracked",
        "int_incident_timeline_reported",
        "int_team_paths",
        "int_work_item_kinds",
        "int_metric_gaps",
        "int_domain__project_mapping",
    }
    compared = {model.name for model in compiled_models() if _is_quadratic(told, model.sql)}
    assert compared <= of_few_rows


def test_the_search_for_quadratic_joins_finds_the_one_that_was(told: Told) -> None:
    joined = "select 1 from marts.fct_changes a left join marts.fct_changes b on a.commit_sha = b.commit_sha"
    assert not _is_quadratic(told, joined)
    assert _is_quadratic(told, f"{joined} and a.commit_sha <> a.pull_request_id")


def _is_quadratic(told: Told, sql: str) -> bool:
    for few in ("asof_loop_join_threshold", "nested_loop_join_threshold", "merge_join_threshold"):
        told.con.execute(f"set {few} = 0")  # a few rows are looked up in a loop, many are not
    plan = str(told.con.execute(f"explain {sql}").fetchall())
    return "BLOCKWISE_NL_JOIN" in plan or "NESTED_LOOP_JOIN" in plan


def _added(told: Told, metric: str, scopes: str) -> list[Row]:
    return told.rows(
        "select period_grain, period_start, sum(n)::bigint as n, sum(numerator)::bigint as numerator "
        f"from marts.mart_metric_values where metric = $1 and {scopes} and n > 0 group by all order by all",
        metric,
    )


def _key(row: Row) -> tuple[object, ...]:
    return row["metric"], row["scope_kind"], row["scope_id"], row["quarter"]
