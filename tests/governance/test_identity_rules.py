"""Each rule that joins accounts, and each thing at which it refuses to."""

from pathlib import Path

import pytest

from governance.identity.rules import IdentityRules, MappedPerson
from tests.governance.identity_vault import Told, own, seen, together

GITHUB = "users.noreply.github.com"


@pytest.fixture
def told(tmp_path: Path) -> Told:
    return Told(tmp_path / "identity.duckdb")


def test_an_account_that_nobody_resolved_is_a_person_of_its_own(told: Told) -> None:
    told.see(seen("github:7", login="ada"))
    assert [(account, person) for account, person, *_ in told.rows()] == [("github:7", own("github:7"))]
    assert told.rows()[0][2] < -6e10
    assert told.rows()[0][3] > 2.5e11


def test_a_verified_address_joins_the_accounts_that_hold_it(told: Told) -> None:
    told.see(
        seen("jira:5b1", email="ada@acme.test"),
        seen("pagerduty:P1", email="ada@acme.test"),
        seen("git:ada@acme.test"),
        seen("git:grace@acme.test"),
    )
    assert told.people() == {together("jira:5b1", "pagerduty:P1", "git:ada@acme.test")}


def test_an_address_is_the_same_in_capitals_and_between_spaces(told: Told) -> None:
    told.see(seen("jira:5b1", email=" Ada@ACME.test "), seen("git:ada@acme.test"))
    assert told.people() == {together("jira:5b1", "git:ada@acme.test")}


def test_an_address_with_a_tag_is_another_one_for_the_rules(told: Told) -> None:
    told.see(seen("jira:5b1", email="ada@acme.test"), seen("git:ada+work@acme.test"))
    assert told.people() == set()


def test_an_address_that_a_system_hides_joins_nobody(told: Told) -> None:
    told.see(
        seen("jira:1", display_name="Ada Lovelace"),
        seen("jira:2", display_name="Ada Lovelace", email=""),
        seen("git:ada@acme.test", display_name="Ada Lovelace"),
    )
    assert told.people() == set()


def test_equal_names_alone_never_join(told: Told) -> None:
    told.see(
        *(seen(f"{kind}:1", display_name="Ada Lovelace") for kind in ("github", "jira", "gitlab", "scim"))
    )
    assert told.people() == set()


def test_a_kind_that_the_settings_do_not_trust_vouches_for_nothing(told: Told) -> None:
    told.rules = IdentityRules(email_from=("jira",))
    told.see(seen("backstage:ada", email="ada@acme.test"), seen("git:ada@acme.test"))
    assert told.people() == set()
    told.see(seen("jira:1", email="ada@acme.test"))
    assert told.people() == {together("jira:1", "git:ada@acme.test")}


@pytest.mark.parametrize(
    "address",
    [
        "noreply@github.com",
        "no-reply@acme.test",
        "root@build7.acme.test",
        "ada@laptop.local",
        "ada@localhost",
        "erased@jira.invalid",
        "ada@host.internal",
        "not an address",
    ],
)
def test_addresses_that_nobody_reads_join_nobody(told: Told, address: str) -> None:
    told.see(seen("jira:1", email=address), seen("pagerduty:P1", email=address), seen(f"git:{address}"))
    assert told.people() == set()


@pytest.mark.parametrize("listed", ["office@acme.test", "OFFICE@acme.test", "*@acme.test", "off*@acme.*"])
def test_a_mailbox_that_two_humans_share_joins_nobody_once_it_is_listed(told: Told, listed: str) -> None:
    rows = (
        seen("jira:ada", email="office@acme.test"),
        seen("pagerduty:grace", email="office@acme.test"),
        seen("git:office@acme.test"),
    )
    told.see(*rows)
    assert len(told.people()) == 1
    told.rules = IdentityRules(shared_mailboxes=(listed,))
    told.see()
    assert told.people() == set()


def test_an_address_that_two_accounts_of_one_system_hold_joins_nobody(told: Told) -> None:
    """Somebody left, and a successor got the address: whose commits these are, only a person can say."""
    told.see(
        seen("roster:1", email="j.smith@acme.test"),
        seen("roster:2", email="j.smith@acme.test"),
        seen("jira:9", email="j.smith@acme.test"),
        seen("git:j.smith@acme.test"),
    )
    assert told.people() == set()
    assert told.reasons() == {"two accounts of one system share the same e-mail address"}


def test_a_commit_that_github_attributes_joins_the_address_and_the_account(told: Told) -> None:
    told.see(seen("github:7", login="ada", email="ada@home.test"), seen("git:ada@home.test"))
    assert told.people() == {together("github:7", "git:ada@home.test")}


def test_an_address_that_github_moved_to_another_account_joins_nobody(told: Told) -> None:
    told.see(
        seen("github:7", email="ada@home.test"),
        seen("github:8", email="ada@home.test"),
        seen("git:ada@home.test"),
    )
    assert told.people() == set()


def test_every_address_that_an_account_ever_had_counts(told: Told) -> None:
    told.see(seen("jira:1", email="ada@old.test"), seen("git:ada@old.test"))
    told.see(seen("jira:1", email="ada@new.test", first_seen_log_index=9), seen("git:ada@new.test"))
    assert told.people() == {together("jira:1", "git:ada@old.test", "git:ada@new.test")}


def test_a_noreply_address_with_a_number_is_that_account_whatever_its_login_is_now(told: Told) -> None:
    told.see(seen("github:7", login="lovelace"), seen(f"git:7+ada@{GITHUB}"), seen(f"git:8+ada@{GITHUB}"))
    assert told.people() == {together("github:7", f"git:7+ada@{GITHUB}")}


def test_two_noreply_addresses_with_one_number_are_one_person_though_nobody_saw_the_account(
    told: Told,
) -> None:
    told.see(seen(f"git:7+ada@{GITHUB}"), seen(f"git:7+lovelace@{GITHUB}"))
    assert told.people() == {together(f"git:7+ada@{GITHUB}", f"git:7+lovelace@{GITHUB}")}


def test_a_noreply_address_of_gitlab_has_its_number_before_a_dash(told: Told) -> None:
    told.see(seen("gitlab:7", login="ada"), seen("git:7-ada@users.noreply.gitlab.com"))
    assert told.people() == {together("gitlab:7", "git:7-ada@users.noreply.gitlab.com")}


def test_a_noreply_address_of_a_server_of_ones_own_counts_where_the_settings_name_its_host(
    told: Told,
) -> None:
    rows = (seen("github:7", login="ada"), seen("git:7+ada@users.noreply.git.acme.test"))
    told.see(*rows)
    assert told.people() == set()
    told.rules = IdentityRules(noreply_hosts={"users.noreply.git.acme.test": "github"})
    told.see()
    assert told.people() == {together("github:7", "git:7+ada@users.noreply.git.acme.test")}


def test_the_old_form_of_noreply_address_counts_where_exactly_one_account_has_the_login(told: Told) -> None:
    told.see(seen("github:7", login="Ada"), seen(f"git:ada@{GITHUB}"))
    assert told.people() == {together("github:7", f"git:ada@{GITHUB}")}
    told.see(seen("github:8", login="ada"))
    assert told.people() == set(), "two accounts have had the login: nobody can tell whose the address is"


def test_a_login_of_another_system_means_nothing_for_a_noreply_address(told: Told) -> None:
    told.see(seen("gitlab:7", login="ada"), seen(f"git:ada@{GITHUB}"))
    assert told.people() == set()


def test_a_login_in_codeowners_is_an_account_of_the_system_whose_dialect_it_is(told: Told) -> None:
    told.see(
        seen("github:7", login="Ada"), seen("gitlab:9", login="ada"), seen("codeowners:ada", login="ada")
    )
    assert told.people() == {together("github:7", "codeowners:ada")}
    told.rules = IdentityRules(codeowners_of=("gitlab",))
    told.see()
    assert told.people() == {together("gitlab:9", "codeowners:ada")}
    told.rules = IdentityRules(codeowners_of=("github", "gitlab"))
    told.see()
    assert told.people() == set()


def test_a_directory_that_states_the_number_in_the_roster_joins_both(told: Told) -> None:
    told.see(seen("scim:a-1"), seen("roster:4711"), stated=(("scim:a-1", "roster:4711"),))
    assert told.people() == {together("scim:a-1", "roster:4711")}


def test_a_directory_that_states_two_numbers_joins_neither(told: Told) -> None:
    pairs = (("scim:a-1", "roster:1"), ("scim:a-1", "roster:2"))
    told.see(seen("scim:a-1"), seen("roster:1"), seen("roster:2"), stated=pairs)
    assert told.people() == set()
    assert told.reasons() == {"directory would join what must stay apart"}


def test_a_weaker_rule_that_would_join_two_accounts_of_one_system_is_set_aside_whole(told: Told) -> None:
    told.see(
        seen("github:7", email="ada@acme.test"),
        seen("github:8", email="grace@acme.test"),
        seen("git:ada@acme.test"),
        seen("git:grace@acme.test"),
        seen("jira:1", email="ada@acme.test"),
        seen("jira:1", email="grace@acme.test"),
    )
    assert told.people() == {
        together("github:7", "git:ada@acme.test"),
        together("github:8", "git:grace@acme.test"),
    }
    assert told.reasons() == {"e-mail address would join what must stay apart"}


def test_bots_are_never_joined_with_humans_and_humans_still_are_with_each_other(told: Told) -> None:
    told.see(
        seen("github:1", login="release-bot", email="release@acme.test"),
        seen("git:release@acme.test"),
        seen("jira:1", email="release@acme.test"),
        seen("github:2", login="jenkins", email="ci@acme.test"),
        seen("github:3", account_type="Bot", email="app@acme.test"),
        seen("git:ci@acme.test"),
        seen("git:app@acme.test"),
    )
    assert told.people() == {together("git:release@acme.test", "jira:1")}
    assert {account for account, *_, is_bot in told.rows() if is_bot} == {"github:1", "github:2", "github:3"}


def test_a_bot_is_one_with_its_own_noreply_address(told: Told) -> None:
    told.see(
        seen("github:49699333", login="dependabot[bot]", account_type="Bot"),
        seen(f"git:49699333+dependabot[bot]@{GITHUB}"),
    )
    assert told.people() == {together("github:49699333", f"git:49699333+dependabot[bot]@{GITHUB}")}


def test_the_settings_name_accounts_by_key_by_login_and_by_address(told: Told) -> None:
    told.see(
        seen("github:7", login="Ada"), seen("gitlab:9", login="lovelace"), seen("jira:1", email="a@acme.test")
    )
    person = MappedPerson("ada", ("github:7", "gitlab:lovelace", "jira:A@acme.test"))
    told.rules = IdentityRules(people=(person,))
    told.see()
    assert told.people() == {together("github:7", "gitlab:9", "jira:1")}
    assert told.token_of("jira:1") == own("person:ada")


def test_a_login_that_two_accounts_have_had_names_neither_in_the_settings(told: Told) -> None:
    told.see(seen("github:7", login="ada"), seen("github:8", login="ada"), seen("jira:1"))
    told.rules = IdentityRules(people=(MappedPerson("ada", ("github:ada", "jira:1", "jira:unknown")),))
    told.see()
    assert told.people() == set()
    assert told.reasons() == {
        "the settings name it, and several accounts have the name",
        "the settings name it, and nobody has seen it yet",
    }


def test_the_settings_stand_above_every_rule(told: Told) -> None:
    told.see(seen("jira:1", email="a@acme.test"), seen("git:a@acme.test"), seen("github:7"))
    told.rules = IdentityRules(
        people=(MappedPerson("ada", ("git:a@acme.test", "github:7")), MappedPerson("grace", ("jira:1",)))
    )
    told.see()
    assert told.people() == {together("git:a@acme.test", "github:7")}
    assert told.reasons() == {"e-mail address would join what must stay apart"}


def test_the_settings_cannot_make_a_bot_a_person_or_give_an_account_to_two(told: Told) -> None:
    told.see(seen("github:7"), seen("github:8", login="jenkins"), seen("jira:1"))
    told.rules = IdentityRules(
        people=(MappedPerson("ada", ("github:7", "github:8")), MappedPerson("grace", ("github:7", "jira:1")))
    )
    told.see()
    assert told.people() == set()
    assert told.token_of("github:7") == own("person:ada")
    assert told.reasons() == {
        "a bot cannot be a person of the settings",
        "the settings give it to two people",
    }


def test_a_person_keeps_the_token_of_the_roster_when_further_systems_come(told: Told) -> None:
    told.see(seen("roster:4711", email="ada@acme.test"), seen("git:ada@acme.test"))
    assert told.token_of("git:ada@acme.test") == own("roster:4711")
    told.see(seen("datadog:1", email="ada@acme.test"), seen("alertmanager:ada", email="ada@acme.test"))
    assert told.token_of("datadog:1") == own("roster:4711")


def test_another_persons_merge_changes_nobody_elses_token(told: Told) -> None:
    told.see(
        seen("jira:1", email="ada@acme.test"), seen("git:ada@acme.test"), seen("jira:2"), seen("github:2")
    )
    before = {row for row in told.rows() if "ada" in row[0] or row[0] == "jira:1"}
    told.see(seen("jira:2", email="grace@acme.test"), seen("git:grace@acme.test"))
    assert before <= set(told.rows())
