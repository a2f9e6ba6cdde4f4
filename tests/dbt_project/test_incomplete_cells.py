"""Cells over a gap: which metrics, scopes and periods a stretch that was not read marks as incomplete."""

import pytest

from tests.dbt_project.stories import Story, Told

MAY = ("2026-05-04 10:00:00+00", "2026-05-05 09:00:00+00")
MONTH = "2026-05-01"


def built(time_zone: str = "UTC") -> Told:
    """Two services of two repositories and teams, below one; each deploys in April, May and June."""
    story = Story(time_zone=time_zone, coverage=("2026-04-01 00:00", "2026-07-01 00:00"))
    story.flow["repositories"] = [
        {"source": "github", "repository": name, "has_git": False}
        for name in ("acme/checkout", "acme/search", "acme/incidents")
    ]
    story.team("shop")
    for service, team in (("checkout", "payments"), ("search", "finding")):
        repository = f"acme/{service}"
        story.service(service)
        story.team(team, "shop")
        story.owner(service, team)
        after: tuple[str, ...] = ()
        for month in (4, 5, 6):
            name = f"{service} {month}"
            story.commit(name, on=repository, when=f"{month:02}-02 10:00", after=after)
            story.deployment(month * 10 + len(service), name, on=repository, start=f"{month:02}-03 10:00")
            after = (name,)
    return story.build()


def gap(
    told: Told,
    *,
    stream: str = "deployments",
    scope: str = "acme/checkout",
    during: tuple[str | None, str | None] = MAY,
    kind: str = "github",
) -> None:
    """Of this place nothing was read in that time."""
    told.warehouse.execute(
        "insert into config.stream_gaps values (?, ?, ?, ?, ?::timestamptz, ?::timestamptz, 'not_read')",
        [kind, kind, stream, scope, *during],
    )


def marked(told: Told, column: str, where: str = "true") -> set[str]:
    rows = told.rows(
        f"select distinct {column} as it from marts.mart_metric_values "
        f"where list_contains(flags, 'incomplete') and {where} order by all"
    )
    return {str(row["it"]) for row in rows}


@pytest.fixture
def told() -> Told:
    return built()


def test_without_a_gap_nothing_is_marked(told: Told) -> None:
    assert marked(told, "metric") == set()
    assert told.rows("from intermediate.int_metric_gaps") == []
    assert told.rows("from marts.mart_dora_monthly where is_incomplete") == []


def test_a_gap_marks_the_service_its_teams_and_the_organisation(told: Told) -> None:
    gap(told)
    assert marked(told, "scope_kind || ':' || scope_id") == {
        "service:checkout",
        "team:payments",
        "team:shop",
        "organisation:acme",
    }


def test_a_gap_marks_the_periods_that_it_touches_and_no_others(told: Told) -> None:
    gap(told, during=("2026-05-04 00:00:00+00", "2026-05-11 00:00:00+00"))
    assert marked(told, "period_start", "period_grain = 'week'") == {"2026-05-04"}
    assert marked(told, "period_start", "period_grain = 'month'") == {"2026-05-01"}
    assert marked(told, "period_start", "period_grain = 'quarter'") == {"2026-04-01"}
    assert marked(told, "period_start", "period_grain = 'day'") == set(), "nothing is known of those days"
    days = told.rows(
        "select period_start from marts.mart_dora_daily "
        "where is_incomplete and scope_id = 'checkout' order by 1"
    )
    assert [row["period_start"].day for row in days] == [4, 5, 6, 7, 8, 9, 10]


def test_days_are_those_of_the_reporting_time_zone() -> None:
    told = built("Asia/Tokyo")
    gap(told, during=("2026-05-31 14:00:00+00", "2026-05-31 15:00:00+00"))  # 23 to 24 o'clock there
    assert marked(told, "period_start", "period_grain = 'month'") == {"2026-05-01"}
    later = built("Asia/Tokyo")
    gap(later, during=("2026-05-31 15:00:00+00", "2026-05-31 16:00:00+00"))
    assert marked(later, "period_start", "period_grain = 'month'") == {"2026-06-01"}


def test_only_metrics_that_the_stream_feeds_are_marked(told: Told) -> None:
    gap(told, stream="reviews")
    metrics = marked(told, "metric")
    assert "change_lead_time" in metrics
    assert "deployment_frequency" not in metrics


def test_whose_a_fact_is_marks_nothing(told: Told) -> None:
    for stream in ("teams", "team_members", "members", "repositories"):
        gap(told, stream=stream, scope="acme")
    assert marked(told, "metric") == set()


@pytest.mark.parametrize(
    ("kind", "stream", "scope"),
    [("pagerduty", "incidents", "account"), ("github", "issues", "acme/incidents"), ("drops", "rows", "x")],
)
def test_what_cannot_be_told_to_be_one_service_s_marks_all(
    told: Told, kind: str, stream: str, scope: str
) -> None:
    gap(told, kind=kind, stream=stream, scope=scope)
    where = "metric = 'change_fail_rate' and period_grain = 'month'"
    scopes = told.rows(f"select distinct scope_id as it from marts.mart_metric_values where {where}")
    assert marked(told, "scope_id", where) == {row["it"] for row in scopes}
    assert marked(told, "period_start", where) == {MONTH}


def test_a_place_never_read_marks_the_whole_reported_range(told: Told) -> None:
    gap(told, during=(None, None))
    assert marked(told, "period_start", "period_grain = 'month'") == {
        "2026-04-01",
        "2026-05-01",
        "2026-06-01",
    }


def test_a_gap_outside_the_reported_range_marks_nothing(told: Told) -> None:
    gap(told, during=("2026-01-01 00:00:00+00", "2026-04-01 00:00:00+00"))
    gap(told, during=("2026-07-01 00:00:00+00", "2026-08-01 00:00:00+00"))
    assert marked(told, "metric") == set()


def test_the_wide_marts_are_marked_as_the_long_one_is(told: Told) -> None:
    gap(told)
    for grain, mart in (("week", "weekly"), ("month", "monthly"), ("quarter", "quarterly")):
        wide = told.rows(
            f"select scope_id, period_start from marts.mart_dora_{mart} where is_incomplete order by all"
        )
        long = told.rows(
            "select distinct scope_id, period_start from marts.mart_metric_values "
            f"where list_contains(flags, 'incomplete') and period_grain = '{grain}' "
            "and metric = 'deployment_frequency' order by all"
        )
        assert wide == long != []


def test_incomplete_numbers_of_teams_are_not_compared(told: Told) -> None:
    gap(told)
    reasons = told.rows(
        "select distinct team_id, period_start, not_compared_reason from intermediate.int_team_rates "
        "where not_compared_reason = 'incomplete' and period_grain = 'month' order by all"
    )
    assert {(row["team_id"], str(row["period_start"])) for row in reasons} <= {
        ("payments", MONTH),
        ("shop", MONTH),
    }
