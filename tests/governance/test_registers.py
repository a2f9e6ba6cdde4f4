"""Registers of jurisdictions and purposes, and what policies say with them."""

from pathlib import Path
from typing import Any

import pytest

from governance.errors import PolicyError, SignerError
from governance.jurisdictions import JurisdictionBook
from governance.policies import MetricDefaults, PolicyBook
from governance.purposes import PurposeBook
from governance.signers import Signer, SignerRegister

FAIL_RATE = MetricDefaults(
    "change_fail_rate", 1, "operational", "delivery-metrics", 0, counter_metrics=("deployment_frequency",)
)
JURISDICTIONS = """
jurisdictions:
  de:
    title: Germany
    teams: [payments, platform]
    required_roles: [works_council]
  us:
    teams: [search]
    persons: [change_fail_rate]
"""
PURPOSES = """
publication: team_bonus
purposes:
  team_bonus:
    title: The yearly bonus of teams
    owner: people-operations
    tiers: [incentive]
    forbidden_uses: [Ranking people]
  planning: {owner: delivery, tiers: [operational], metrics: [change_fail_rate]}
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "register.yml"
    path.write_text(text)
    return path


def test_a_team_lies_where_it_or_a_team_above_it_is_listed(tmp_path: Path) -> None:
    book = JurisdictionBook.load(written(tmp_path, JURISDICTIONS))
    assert book.of_paths([("payments", "commerce")]) == {"de"}
    assert book.of_paths([("storage", "platform", "infrastructure")]) == {"de"}
    assert book.of_paths([("payments", "commerce"), ("search", "commerce")]) == {"de", "us"}
    assert book.required_roles("de") == ("works_council",)


def test_a_team_of_which_a_part_lies_nowhere_lies_nowhere(tmp_path: Path) -> None:
    book = JurisdictionBook.load(written(tmp_path, JURISDICTIONS))
    assert book.of_paths([("payments",), ("ads",)]) is None
    assert book.of_paths([]) is None
    assert JurisdictionBook.load(tmp_path / "none.yml").of_paths([("payments",)]) is None


def test_one_jurisdiction_may_have_every_team(tmp_path: Path) -> None:
    book = JurisdictionBook.load(written(tmp_path, "jurisdictions: {de: {teams: '*'}}\n"))
    assert book.of_paths([("whoever",)]) == {"de"}
    book.check_known(teams=[], metrics=[])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("jurisdiction: {}\n", r":1: unknown key 'jurisdiction'; did you mean jurisdictions"),
        ("jurisdictions: [de]\n", r":1: jurisdictions is a mapping"),
        ("jurisdictions:\n  de: 3\n", r":2: the jurisdiction de is a mapping"),
        ("jurisdictions:\n  de: {}\n  us:\n    team: [a]\n", r":4: unknown key 'team'; did you mean teams"),
        ("jurisdictions:\n  de:\n    teams: payments\n", r":3: teams is a list of names, not 'payments'"),
        ("jurisdictions:\n  de:\n    required_roles: [1]\n", r":3: required_roles is a list of names"),
        ("jurisdictions:\n  de:\n    title: 3\n", r":3: title is text"),
    ],
)
def test_a_wrong_register_of_jurisdictions_is_refused_with_its_line(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(PolicyError, match=message):
        JurisdictionBook.load(written(tmp_path, text))


def test_teams_and_metrics_that_do_not_exist_are_refused_with_the_nearest_name(tmp_path: Path) -> None:
    book = JurisdictionBook.load(written(tmp_path, JURISDICTIONS))
    with pytest.raises(PolicyError, match=r":5: no team payments; did you mean payment\?"):
        book.check_known(teams=["payment", "platform", "search"], metrics=["change_fail_rate"])
    with pytest.raises(PolicyError, match=r"no metric change_fail_rate; did you mean change_fail_rates\?"):
        book.check_known(teams=["payments", "platform", "search"], metrics=["change_fail_rates"])


def test_a_publication_is_for_the_purpose_that_it_names_or_that_of_the_register(tmp_path: Path) -> None:
    book = PurposeBook.load(written(tmp_path, PURPOSES))
    bonus = book.named(None)
    assert bonus is not None
    assert bonus.name == "team_bonus"
    assert bonus.forbidden_uses == ("Ranking people",)
    assert bonus.allows("anything", "incentive")
    assert not bonus.allows("anything", "certified")
    planning = book.named("planning")
    assert planning is not None
    assert planning.allows("change_fail_rate", "operational")
    assert not planning.allows("change_lead_time", "operational")
    with pytest.raises(PolicyError, match="no purpose team_bonsu; did you mean team_bonus"):
        book.named("team_bonsu")
    assert PurposeBook.load(tmp_path / "none.yml").named(None) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("publication: bonus\n", r":1: no purpose bonus; known: none"),
        ("purposes:\n  a: {tiers: [incentive]}\n", r":2: owner is text, not None"),
        ("purposes:\n  a:\n    owner: b\n    tiers: [gold]\n", r":4: no tier gold"),
        ("purposes:\n  a:\n    owner: b\n    uses: []\n", r":4: unknown key 'uses'"),
        ("purposes:\n  a:\n    owner: b\n    forbidden_uses: ranking\n", r":4: forbidden_uses is a list"),
        ("purposes: [a]\n", r":1: purposes is a mapping"),
        ("purposes:\n  a: b\n", r":2: the purpose a is a mapping"),
    ],
)
def test_a_wrong_register_of_purposes_is_refused_with_its_line(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(PolicyError, match=message):
        PurposeBook.load(written(tmp_path, text))


SIGNER = f"person: Ada\n    public_key: '{'a' * 64}'\n    roles: [finance]\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("signers: 5\n", r":1: signers is a list of entries"),
        ("signers: [Ada]\n", r":1: an entry has person, public_key, roles, teams, not 'Ada'"),
        (f"signers:\n  - {SIGNER}    team: [a]\n", r":5: unknown key 'team'; did you mean teams"),
        (f"signers:\n  - {SIGNER}    teams: a\n", r":5: teams is a list of names, not 'a'"),
        (f"signers:\n  - {SIGNER}    teams: [[a]]\n", r":5: teams is a list of names"),
        (f"signers:\n  - {SIGNER}\n".replace("Ada", "'\u200b'"), r":2: person is text"),
        (f"signers:\n  - {SIGNER}\n".replace("[finance]", ""), r":4: roles is a list of names, not None"),
        (f"signers:\n  - {SIGNER}\n".replace("aaaa'", "'"), r":3: the public key has 30 bytes, not 32"),
        (f"signers:\n  - {SIGNER}\n".replace("aaaa'", "zzzz'"), r":3: public_key is hexadecimal"),
        ("signer: []\n", r":1: unknown key 'signer'; did you mean signers"),
    ],
)
def test_a_wrong_register_of_signers_is_refused_with_its_line(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises((PolicyError, SignerError), match=message):
        SignerRegister.load(written(tmp_path, text))


@pytest.mark.parametrize(
    ("load", "text", "message"),
    [
        (
            SignerRegister.load,
            f"signers:\n  - {SIGNER}signers: []\n",
            r":5: .*'signers' stands twice, in line 1",
        ),
        (
            PolicyBook.load,
            "metrics:\n  a: {tier: incentive}\n  a: {}\n",
            r":3: .*'a' stands twice, in line 2",
        ),
        (
            JurisdictionBook.load,
            "jurisdictions: {de: {teams: [a], teams: [b]}}\n",
            r":1: .*'teams' stands twice",
        ),
        (
            JurisdictionBook.load,
            "jurisdictions:\n  no: {teams: [a]}\n",
            r":2: .*the key 'no' is read as no text",
        ),
        (PolicyBook.load, "metrics:\n  1: {}\n", r":2: .*the key '1' is read as no text"),
    ],
)
def test_no_register_is_read_by_half(tmp_path: Path, load: Any, text: str, message: str) -> None:
    with pytest.raises(PolicyError, match=message):
        load(written(tmp_path, text))


def test_a_register_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "policies.yml"
    path.write_bytes(b"metrics: {}  # \xff")
    with pytest.raises(PolicyError, match=r"policies\.yml: not text in UTF-8"):
        PolicyBook.load(path)


def test_a_purpose_for_a_metric_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r":9: no metric change_fail_rate"):
        PurposeBook.load(written(tmp_path, PURPOSES)).check_known(["throughput"])


def test_an_incentive_policy_has_limits_roles_counters_and_owners_by_itself(tmp_path: Path) -> None:
    text = """
required_roles: {incentive: [finance]}
metrics:
  change_fail_rate:
    tier: incentive
    required_roles: [works_council]
    counter_metrics: [change_lead_time]
    purposes: [team_bonus]
    authors: [Ada]
"""
    book = PolicyBook.load(written(tmp_path, text))
    policy = book.policy_for(FAIL_RATE)
    assert policy.required_roles == ("metric_owner", "people_operations", "finance", "works_council")
    assert (policy.minimum_n, policy.minimum_team_size) == (5, 5)
    assert policy.counter_metrics == ("deployment_frequency", "change_lead_time")
    assert policy.owners == ("delivery-metrics",)
    assert (policy.purposes, policy.authors) == (("team_bonus",), ("Ada",))
    with pytest.raises(PolicyError, match=r":7: no metric change_lead_time"):
        book.check_known(["change_fail_rate"])
    with pytest.raises(PolicyError, match=r":8: no purpose team_bonus; did you mean team_bonuses"):
        book.check_purposes(["team_bonuses"])


def test_a_policy_may_be_asked_as_if_it_were_of_a_stricter_tier(tmp_path: Path) -> None:
    book = PolicyBook.load(written(tmp_path, "metrics: {change_fail_rate: {scope_kinds: [service, team]}}\n"))
    as_incentive = book.policy_for(FAIL_RATE, as_tier="incentive")
    assert (as_incentive.tier, as_incentive.scope_kinds) == ("incentive", ("team",))
    with pytest.raises(PolicyError, match="only tighten"):
        book.policy_for(FAIL_RATE, as_tier="exploratory")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("required_roles: [finance]\n", r":1: required_roles is a mapping from tier to roles"),
        ("required_roles: {gold: [a]}\n", r":1: unknown key 'gold'"),
        ("required_roles: {incentive: finance}\n", r":1: incentive is a list of names"),
        (
            "metrics:\n  a:\n    minimum_team_size: few\n",
            r":3: minimum_team_size is a whole number of people",
        ),
        ("metrics:\n  a:\n    purposes: bonus\n", r":3: purposes is a list of purposes"),
    ],
)
def test_a_wrong_policy_is_refused_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(PolicyError, match=message):
        PolicyBook.load(written(tmp_path, text))


def test_the_register_of_signers_says_to_which_teams_people_belong(tmp_path: Path) -> None:
    key = Signer("ada", b"a" * 32).public_key.hex()
    entry = f"signers:\n- {{person: Ada, public_key: {key}, roles: [finance]"
    assert SignerRegister.load(written(tmp_path, entry + "}\n")).signers[0].teams is None
    assert SignerRegister.load(written(tmp_path, entry + ", teams: []}\n")).signers[0].teams == ()
    (ada,) = SignerRegister.load(written(tmp_path, entry + ", teams: [search]}\n")).holders("finance")
    assert ada.teams == ("search",)
    with pytest.raises(SignerError, match="teams is a list of names, not 'search'"):
        SignerRegister.load(written(tmp_path, entry + ", teams: search}\n"))
