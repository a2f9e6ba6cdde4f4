"""The comparison of profiles over told organisations: both values, and the reason for the difference."""

from decimal import Decimal
from typing import Any

import pytest

from orchestration.profiles.definition import profiles
from tests.dbt_project.stories import Row, Story, Told
from tests.dbt_project.warehouse import manifest

MONTH = "2026-05-01"


def compared(told: Told, metric: str, scope: str, *, period: str = MONTH, grain: str = "month") -> Row:
    (row,) = told.rows(
        "select * from marts.mart_profile_comparison where profile = 'devlake_1_0' and metric = $1 "
        "and scope_kind || ':' || scope_id = $2 and period_start = $3::date and period_grain = $4",
        metric,
        scope,
        period,
        grain,
    )
    return row


def started(*services: str) -> Story:
    """Services with a first deployment in April, which is nobody's lead time."""
    story = Story()
    for place, service in enumerate(services, start=1):
        story.service(service)
        on = f"acme/{service}"
        story.commit(f"{service}0", on=on, when="04-20 10:00")
        story.deployment(place, f"{service}0", on=on, start="04-21 10:00")
    return story


def test_several_deployments_a_day_and_weeks_without_any() -> None:
    story = started("checkout")
    for number, when in enumerate(["05-05 10:00", "05-05 15:00", "05-06 10:00", "05-12 10:00"], start=10):
        story.commit(f"c{number}", when=when, after=["checkout0"])
        story.deployment(number, f"c{number}", start=when)
    row = compared(story.build(), "deployment_frequency", "service:checkout")
    assert (row["dora_2026_value"], row["profile_value"], row["difference"]) == (4, 0, None)
    assert row["profile_unit"] == "deployment days per week"
    assert row["reason_codes"] == ["counts_days", "median_of_weeks"]
    assert row["reason"] == (
        "4 deployments on 3 days: the profile counts days. "
        "It gives the lower median of 5 weeks (3 without a deployment), not their sum."
    )


def test_a_week_with_as_many_days_as_deployments_needs_no_reason() -> None:
    story = started("checkout")
    story.commit("a", when="05-05 09:00", after=["checkout0"])
    story.deployment(10, "a", start="05-05 10:00")
    row = compared(
        story.build(), "deployment_frequency", "service:checkout", period="2026-05-04", grain="week"
    )
    assert (row["dora_2026_value"], row["profile_value"]) == (1, 1)
    assert (row["reason_codes"], row["reason"]) == ([], None)


def merged_and_deployed(story: Story) -> Story:
    """Two pull requests, of 49 and of 72 hours, in one deployment; the second has two commits."""
    story.commit("a", when="05-04 09:00", after=["checkout0"])
    story.commit("m1", when="05-05 10:00", after=["a"])
    story.commit("b", when="05-03 10:00", after=["m1"])
    story.commit("b2", when="05-03 11:00", after=["b"])
    story.commit("m2", when="05-05 11:00", after=["b2", "m1"])
    story.pull_request(
        7, opened="05-04 10:00", commits=[("a", "05-04 09:00")], merged="05-05 10:00", result="m1"
    )
    own = [("b", "05-03 10:00"), ("b2", "05-03 11:00")]
    story.pull_request(8, opened="05-04 10:00", commits=own, merged="05-05 11:00", result="m2")
    story.deployment(10, "m2", start="05-06 10:00")
    return story


def test_pull_requests_are_timed_instead_of_commits_and_the_lower_middle_is_taken() -> None:
    row = compared(merged_and_deployed(started("checkout")).build(), "change_lead_time", "service:checkout")
    assert row["profile_value"] == 49 * 60
    assert row["dora_2026_n"] >= 3
    assert row["difference"] == row["profile_value"] * 60 - row["dora_2026_value"]
    assert row["reason_codes"] == ["times_pull_requests", "lower_median"]
    assert row["reason"].startswith(
        "It times 2 pull requests from the first commit's authoring, in whole minutes"
    )
    assert "Of the two middle values 2940 and 4320 minutes it takes the lower one" in row["reason"]


def test_a_value_that_comes_out_equal_needs_no_reason() -> None:
    story = started("checkout")
    story.commit("a", when="05-04 09:00", after=["checkout0"])
    story.commit("m", when="05-05 10:00", after=["a", "checkout0"])
    story.pull_request(
        7, opened="05-04 10:00", commits=[("a", "05-04 09:00")], merged="05-05 10:00", result="m"
    )
    story.deployment(10, "m", start="05-06 10:00")
    row = compared(story.build(), "change_lead_time", "service:checkout")
    assert (row["profile_value"], row["difference"], row["reason"]) == (49 * 60, 0, None)


def test_a_merged_pull_request_that_is_not_deployed_is_left_out_and_said_so() -> None:
    story = merged_and_deployed(started("checkout"))
    story.commit("m3", when="05-20 10:00", after=["m2"])
    story.pull_request(
        9, opened="05-19 10:00", commits=[("m3", "05-19 09:00")], merged="05-20 10:00", result="m3"
    )
    row = compared(story.build(), "change_lead_time", "service:checkout")
    assert "1 pull request merged in the period without a deployment that the profile finds" in row["reason"]


def test_a_shared_repository_is_one_to_the_profile() -> None:
    story = Story()
    story.service("web", "acme/mono", paths=["web/**"])
    story.service("api", "acme/mono", paths=["api/**"], task_pattern="api")
    story.commit("zero", on="acme/mono", when="04-20 10:00", paths=["web/a", "api/a"])
    story.commit("m", on="acme/mono", when="05-05 10:00", after=["zero"], paths=["api/b"])
    story.pull_request(
        7,
        on="acme/mono",
        opened="05-04 10:00",
        commits=[("m", "05-04 09:00")],
        merged="05-05 10:00",
        result="m",
    )
    story.deployment(1, "zero", on="acme/mono", start="04-21 10:00")
    story.deployment(2, "m", on="acme/mono", start="05-06 10:00")
    row = compared(story.build(), "change_lead_time", "service:web")
    assert row["profile_value"] is not None
    assert "other_services" in row["reason_codes"]
    assert "1 pull request of other services of the repository: the profile knows no paths." in row["reason"]


def test_an_old_deployment_of_the_project_takes_the_incident() -> None:
    story = started("checkout")
    story.commit("a", when="05-04 09:00", after=["checkout0"])
    story.deployment(10, "a", start="05-05 10:00")
    story.incident(1, of="checkout", when="05-15 10:00", closed="05-15 12:00")
    told = story.build()
    rate = compared(told, "change_fail_rate", "service:checkout")
    assert (rate["dora_2026_value"], rate["profile_value"], rate["difference"]) == (0, 1, 1)
    assert rate["reason_codes"] == ["failed_alone"]
    assert rate["reason"].startswith("1 deployment failed by the profile alone: it links every incident")
    recovery = compared(told, "failed_deployment_recovery_time", "service:checkout")
    assert (recovery["dora_2026_value"], recovery["profile_value"]) == (None, 10 * 24 * 60 + 120)
    assert recovery["reason"] == "dora_2026 has nothing to measure in the period."


def test_the_whole_projects_latest_deployment_takes_it_from_the_services_own() -> None:
    story = started("checkout", "cart")
    story.commit("a", when="05-04 09:00", after=["checkout0"])
    story.deployment(10, "a", start="05-05 10:00")
    story.commit("b", on="acme/cart", when="05-04 09:00", after=["cart0"])
    story.deployment(11, "b", on="acme/cart", start="05-05 11:00")
    story.incident(1, of="checkout", when="05-05 12:00", closed="05-05 13:00")
    told = story.build()
    linked = told.rows(
        "select project_name, deployment_id from "
        "intermediate.int_devlake_1_0__project_incident_deployment_relationships order by 1"
    )
    assert {row["project_name"]: row["deployment_id"].split(":")[-1] for row in linked} == {
        "organisation:acme": "11",
        "service:checkout": "10",
    }
    row = compared(told, "change_fail_rate", "organisation:acme")
    assert (row["dora_2026_value"], row["profile_value"]) == (Decimal("0.5"), Decimal("0.5"))
    recovery = compared(told, "failed_deployment_recovery_time", "organisation:acme")
    assert (recovery["profile_value"], recovery["dora_2026_value"]) == (120, 3600)
    assert recovery["reason_codes"] == ["from_deployment"]


def test_a_resolution_outside_the_period_is_left_out_and_counted() -> None:
    story = started("checkout")
    story.commit("a", when="05-04 09:00", after=["checkout0"])
    story.deployment(10, "a", start="05-30 10:00")
    story.incident(1, of="checkout", when="05-30 11:00", closed="06-02 11:00")
    told = story.build()
    may = compared(told, "failed_deployment_recovery_time", "service:checkout")
    june = compared(told, "failed_deployment_recovery_time", "service:checkout", period="2026-06-01")
    assert (may["profile_value"], june["profile_value"]) == (None, None)
    assert may["reason"] == "1 incident resolved outside the period: left out."
    assert june["reason_codes"] == ["nothing_measured", "deployed_outside"]
    assert "1 incident of a deployment that ended outside the period: left out." in june["reason"]


def test_a_hotfix_fails_a_deployment_for_us_and_not_for_the_profile() -> None:
    story = started("checkout")
    story.commit("a", when="05-04 09:00", after=["checkout0"])
    story.deployment(10, "a", start="05-05 10:00")
    story.deployment(11, "checkout0", start="05-05 11:00")  # rolled back
    row = compared(story.build(), "change_fail_rate", "service:checkout")
    assert (row["dora_2026_value"], row["profile_value"]) == (Decimal("0.5"), 0)
    assert row["reason_codes"] == ["not_failed"]


def test_a_team_that_took_over_a_service_gets_its_history_and_the_former_owner_loses_it() -> None:
    story = started("checkout")
    story.team("old")
    story.team("new")
    story.owner("checkout", "old", until="05-15 00:00")
    story.owner("checkout", "new", since="05-15 00:00")
    story.commit("a", when="05-04 09:00", after=["checkout0"])
    story.deployment(10, "a", start="05-05 10:00")
    story.commit("b", when="05-19 09:00", after=["a"])
    story.deployment(11, "b", start="05-20 10:00")
    told = story.build()
    new = compared(told, "deployment_frequency", "team:new")
    assert "present_owner" in new["reason_codes"]
    assert "1 deployment of services that belonged to somebody else then" in new["reason"]
    old = compared(told, "deployment_frequency", "team:old")
    assert old["reason_codes"] == ["nothing_measured", "former_owner"]
    assert "1 deployment of services that belong to somebody else by now" in old["reason"]


def test_a_squash_is_found_by_what_the_merge_left_behind() -> None:
    story = started("checkout")
    story.commit("squashed", when="05-05 10:00", after=["checkout0"])
    story.pull_request(
        7, opened="05-04 10:00", commits=[("own", "05-04 09:00")], merged="05-05 10:00", result="squashed"
    )
    story.deployment(10, "squashed", start="05-06 10:00")
    assert compared(story.build(), "change_lead_time", "service:checkout")["profile_value"] == 49 * 60


def test_redeployed_after_a_rollback_the_first_deployment_still_counts() -> None:
    story = merged_and_deployed(started("checkout"))
    story.deployment(11, "checkout0", start="05-07 10:00")
    story.deployment(12, "m2", start="05-08 10:00")
    told = story.build()
    rows = told.rows(
        "select distinct deployment_commit_id from intermediate.int_devlake_1_0__project_pr_metrics "
        "where project_name = 'service:checkout'"
    )
    assert [row["deployment_commit_id"].split(":")[-1] for row in rows] == ["10"]


@pytest.fixture(scope="module")
def full() -> Told:
    story = merged_and_deployed(started("checkout", "cart"))
    story.incident(1, of="checkout", when="05-06 11:00", closed="05-06 15:00")
    return story.build()


def test_every_difference_has_a_reason_and_the_check_finds_one_without(full: Told) -> None:
    (check,) = (node for node in manifest().nodes.values() if node.name == "a_difference_has_a_reason")
    found = f"from marts.mart_profile_comparison where {check.test_metadata.kwargs['condition']}"
    assert full.rows(f"select * {found}") == []
    full.con.execute("begin; update marts.mart_profile_comparison set reason = null where difference <> 0")
    try:
        assert full.rows(f"select * {found}") != []
    finally:
        full.con.execute("rollback")


def test_every_code_has_a_sentence_and_every_sentence_a_code() -> None:
    for profile in profiles():
        code = manifest().nodes[f"model.assay.int_{profile.name}__reasons"].raw_code
        generic = {"nothing_measured", "nothing_beside"}
        assert generic <= set(profile.reasons), profile.name
        assert [one for one in set(profile.reasons) - generic if f"'{one}'" not in code] == [], profile.name


def test_the_comparison_is_the_same_on_one_thread_and_on_eight(full: Told) -> None:
    story = merged_and_deployed(started("checkout", "cart"))
    story.incident(1, of="checkout", when="05-06 11:00", closed="05-06 15:00")
    story.threads = 8
    query = "select * from marts.mart_profile_comparison"
    assert story.build().rows(query) == full.rows(query)


def test_periods_are_weeks_months_and_quarters(full: Told) -> None:
    rows: list[dict[str, Any]] = full.rows(
        "select distinct period_grain from marts.mart_profile_comparison order by 1"
    )
    assert [row["period_grain"] for row in rows] == ["month", "quarter", "week"]
