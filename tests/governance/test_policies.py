"""Policies tighten what a definition says, and never loosen it."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from governance.errors import PolicyError
from governance.policies import MetricDefaults, PolicyBook

LEAD_TIME = MetricDefaults("change_lead_time", 1, "operational", "platform", 5)


def book(tmp_path: Path, text: str) -> PolicyBook:
    path = tmp_path / "policies.yml"
    path.write_text(text)
    return PolicyBook.load(path)


def test_without_a_file_the_definition_stands(tmp_path: Path) -> None:
    policy = PolicyBook.load(tmp_path / "none.yml").policy_for(LEAD_TIME)
    assert (policy.tier, policy.minimum_n, policy.required_roles) == ("operational", 5, ())
    assert policy.scope_kinds == ("service", "team", "organisation")
    assert book(tmp_path, "").policy_for(LEAD_TIME) == policy


def test_a_policy_tightens_tier_n_scopes_roles_and_review(tmp_path: Path) -> None:
    policy = book(
        tmp_path,
        """
witnesses: [internal-audit]
metrics:
  change_lead_time:
    tier: incentive
    minimum_n: 20
    required_roles: [works_council]
    review_by: 2027-06-30
""",
    ).policy_for(LEAD_TIME)
    assert policy.tier == "incentive"
    assert policy.minimum_n == 20
    assert policy.scope_kinds == ("team",)
    assert policy.required_roles == ("metric_owner", "people_operations", "works_council")
    assert policy.review_by == date(2027, 6, 30)


@pytest.mark.parametrize(
    ("line", "default"),
    [
        ("tier: exploratory", "operational"),
        ("minimum_n: 4", "5"),
        ("scope_kinds: [team, person]", "service, team, organisation"),
    ],
)
def test_loosening_is_refused_with_line_default_and_value(tmp_path: Path, line: str, default: str) -> None:
    loosened = book(tmp_path, f"metrics:\n  change_lead_time:\n    {line}\n")
    with pytest.raises(PolicyError, match=rf"policies\.yml:3: policies only tighten.*is {default} by"):
        loosened.policy_for(LEAD_TIME)


def test_an_incentive_metric_cannot_be_shown_below_team_grain(tmp_path: Path) -> None:
    loosened = book(
        tmp_path, "metrics:\n  change_lead_time:\n    tier: incentive\n    scope_kinds: [service]\n"
    )
    with pytest.raises(PolicyError, match="only tighten"):
        loosened.policy_for(LEAD_TIME)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("metric: {}\n", r":1: unknown key 'metric'; did you mean metrics"),
        ("metrics:\n  a:\n    minimum: 3\n", r":3: unknown key 'minimum'; did you mean minimum_n"),
        ("metrics:\n  a:\n    minimum_n: few\n", r":3: minimum_n is a whole number, not 'few'"),
        ("metrics:\n  a:\n    minimum_n: true\n", r":3: minimum_n is a whole number"),
        ("metrics:\n  a:\n    review_by: soon\n", r":3: review_by is a day"),
        ("metrics:\n  a:\n    required_roles: [1]\n", r":3: required_roles is a list of roles"),
        ("metrics:\n  a:\n    review_by: 2026-02-03 04:05:06\n", r":3: review_by is a day"),
        ("metrics:\n  a:\n    authors: [' ']\n", r":3: authors is a list of names, not"),
        ("metrics:\n  a:\n    owners: ['']\n", r":3: owners is a list of names, not"),
        ("metrics:\n  a: 3\n", r":2: the policy of a is a mapping"),
        ("metrics: [a]\n", r":1: metrics is a mapping"),
        ("witnesses: audit\n", r":1: witnesses is a list of names"),
        ("- a\n", r":1: expected a mapping, found list"),
        ("metrics: {a\n", r":2: not valid YAML"),
        ("metrics:\n  a:\n    review_by: 2026-02-30\n", r":3: not valid YAML: '2026-02-30': day is out of"),
    ],
)
def test_a_wrong_file_is_refused_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(PolicyError, match=message):
        book(tmp_path, text)


def test_a_metric_is_no_counter_metric_of_its_own(tmp_path: Path) -> None:
    policies = book(tmp_path, "metrics:\n  a:\n    counter_metrics: [b, a]\n")
    with pytest.raises(PolicyError, match=r":3: a cannot be its own counter-metric"):
        policies.check_known(["a", "b"])


def test_a_review_may_be_due_earlier_than_the_definition_says_and_not_later(tmp_path: Path) -> None:
    reviewed = replace(LEAD_TIME, review_by=date(2027, 6, 30))
    assert PolicyBook.empty().policy_for(reviewed).review_by == date(2027, 6, 30)
    earlier = book(tmp_path, "metrics: {change_lead_time: {review_by: 2027-01-31}}\n")
    assert earlier.policy_for(reviewed).review_by == date(2027, 1, 31)
    later = book(tmp_path, "metrics: {change_lead_time: {review_by: 2027-07-01}}\n")
    with pytest.raises(PolicyError, match="review_by is 2027-06-30 by definition"):
        later.policy_for(reviewed)


def test_a_tier_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="unknown tier 'gold'"):
        book(tmp_path, "metrics:\n  change_lead_time: {tier: gold}\n").policy_for(LEAD_TIME)


def test_a_policy_for_a_metric_that_does_not_exist_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    wrong = book(tmp_path, "metrics:\n  chnage_lead_time: {minimum_n: 9}\n")
    with pytest.raises(PolicyError, match="did you mean change_lead_time"):
        wrong.check_known(["change_lead_time", "deployment_frequency"])
    book(tmp_path, "metrics:\n  change_lead_time: {minimum_n: 9}\n").check_known(["change_lead_time"])
