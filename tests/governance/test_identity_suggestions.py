"""Merges that only a person confirms: what is suggested, what never is, and what a word about it does."""

from pathlib import Path
from typing import Any

import pytest

from governance.identity.rules import IdentityRules, MappedPerson
from tests.governance.identity_vault import Told, seen, together, word

ADA = {"display_name": "Ada Lovelace"}


@pytest.fixture
def told(tmp_path: Path) -> Told:
    return Told(tmp_path / "identity.duckdb")


def suggested(told: Told) -> list[tuple[str, ...]]:
    return [one.reasons for one in told.register.suggestions()]


@pytest.mark.parametrize(
    ("left", "right", "reason"),
    [
        (
            seen("git:ada@acme.test"),
            seen("git:ada+work@acme.test"),
            "the same mailbox but for a +tag",
        ),
        (
            seen("roster:1", email="ada@acme.test"),
            seen("roster:2", email="ada@acme.test"),
            "an address that two accounts of one system have",
        ),
        (
            seen("git:ada@acme.test", display_name="Ada Lovelace"),
            seen("jira:1", email="a.lovelace@acme.test", display_name="Lovelace, Ada"),
            "the same name and the same domain",
        ),
        (
            seen("gitlab:1", login="alovelace", **ADA),
            seen("github:1", login="a-lovelace1", **ADA),
            "the same name and a similar handle",
        ),
        (
            seen("gitlab:1", login="ada", display_name="Ada Lovelace"),
            seen("git:ada@home.test", display_name="Ada Lovelaçe"),
            "the same handle and a similar name",
        ),
        (
            seen("circleci:ada", login="ada"),
            seen("github:1", login="ada"),
            "the same handle, and of one no name is known",
        ),
        (
            seen("git:ada@users.noreply.github.com", **ADA),
            seen("circleci:ada", login="ada"),
            "the same handle, and of one no name is known",
        ),
    ],
)
def test_two_signs_suggest_a_merge_and_merge_nothing(
    told: Told, left: dict[str, Any], right: dict[str, Any], reason: str
) -> None:
    told.see(left, right)
    assert any(reason in reasons for reasons in suggested(told))
    assert told.people() == set()


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (seen("jira:1", **ADA), seen("gitlab:1", login="countess", **ADA)),
        (seen("git:ada@acme.test", **ADA), seen("git:countess@home.test", **ADA)),
        (seen("git:ada@acme.test", **ADA), seen("git:ada@home.test", display_name="Ada Grace Hopper")),
        (seen("git:ada@acme.test", display_name="Ada"), seen("git:a@acme.test", display_name="Ada")),
        (seen("github:1", login="ada"), seen("github:2", login="lovelace")),
        (seen("circleci:ci", login="ci"), seen("github:1", login="ci")),
        (seen("circleci:jenkins", login="jenkins"), seen("github:1", login="jenkins")),
    ],
)
def test_one_sign_or_none_suggests_nothing(told: Told, left: dict[str, Any], right: dict[str, Any]) -> None:
    told.see(left, right)
    assert suggested(told) == []


def test_the_strongest_reason_comes_first(told: Told) -> None:
    told.see(
        seen("circleci:grace", login="grace"),
        seen("github:2", login="grace"),
        seen("git:ada@acme.test", **ADA),
        seen("git:ada+x@acme.test", **ADA),
    )
    first, second = suggested(told)
    assert first[:2] == ("the same mailbox but for a +tag", "the same name and the same domain")
    assert second == ("the same handle, and of one no name is known",)


def test_a_handle_that_a_crowd_shares_suggests_nothing(told: Told) -> None:
    told.see(*(seen(f"git:admin@host{number}.test") for number in range(21)))
    assert suggested(told) == []
    told.see(seen("git:dev@one.test"), seen("git:dev@two.test"))
    assert len(suggested(told)) == 1


def test_what_is_accepted_is_one_person_from_then_on(told: Told) -> None:
    told.see(seen("circleci:ada", login="ada"), seen("github:1", login="ada"))
    (suggestion,) = told.register.suggestions()
    told.register.accept(suggestion.number, word())
    assert told.people() == {together("circleci:ada", "github:1")}
    assert told.register.suggestions() == []


def test_what_is_rejected_never_comes_back_also_by_other_accounts(told: Told) -> None:
    told.see(seen("circleci:ada", login="ada"), seen("github:1", login="ada", email="ada@acme.test"))
    (suggestion,) = told.register.suggestions()
    told.register.reject(suggestion.number, word("two Adas"))
    assert told.register.suggestions() == []
    told.see(seen("jira:1", login="ada", email="ada@acme.test"), seen("git:ada@acme.test"))
    assert told.people() == {together("jira:1", "github:1", "git:ada@acme.test")}
    assert told.register.suggestions() == []


def test_a_rejection_that_is_undone_lets_the_suggestion_come_back(told: Told) -> None:
    told.see(seen("circleci:ada", login="ada"), seen("github:1", login="ada"))
    (suggestion,) = told.register.suggestions()
    number = told.register.reject(suggestion.number, word())
    told.register.undo(number, word())
    assert told.register.suggestions() == [suggestion]


def test_what_was_split_is_not_suggested_again(told: Told) -> None:
    told.see(seen("jira:1", email="ada@acme.test", **ADA), seen("git:ada@acme.test", **ADA))
    told.register.split(["git:ada@acme.test"], word())
    assert told.register.suggestions() == []


def test_two_people_of_the_settings_are_not_suggested_to_be_one(told: Told) -> None:
    told.see(seen("circleci:ada", login="ada"), seen("github:1", login="ada"))
    told.rules = IdentityRules(
        people=(MappedPerson("ada", ("github:1",)), MappedPerson("other", ("circleci:ada",)))
    )
    told.see()
    assert told.register.suggestions() == []


def test_a_suggestion_shows_the_accounts_of_both(told: Told) -> None:
    told.see(
        seen("circleci:ada", login="ada"),
        seen("github:1", login="ada", email="ada@acme.test"),
        seen("git:ada@acme.test"),
    )
    (suggestion,) = told.register.suggestions()
    sides = {tuple(one.account_key for one in side) for side in (suggestion.left, suggestion.right)}
    assert sides == {("github:1", "git:ada@acme.test"), ("circleci:ada",)}
    assert {one.account_key for one in told.register.person_of("git:ada@acme.test")} == {
        "github:1",
        "git:ada@acme.test",
    }
