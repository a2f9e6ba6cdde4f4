"""Merges and splits: dated, reversible, in the log without names, and the same after every replay."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from governance.errors import IdentityError
from governance.identity.decisions import Decision, RecordedDecision
from governance.identity.rules import IdentityRules, MappedPerson
from tests.governance.identity_vault import AT, Told, own, seen, together, word

MARCH = datetime(2026, 3, 1, tzinfo=UTC)
APRIL = datetime(2026, 4, 1, tzinfo=UTC)
MID_MARCH = datetime(2026, 3, 15, tzinfo=UTC)


@pytest.fixture
def told(tmp_path: Path) -> Told:
    """Ada with two accounts that a rule joins, and three accounts that nothing joins."""
    told = Told(tmp_path / "identity.duckdb")
    told.see(
        seen("jira:1", login="ada", display_name="Ada Lovelace", email="ada@acme.test"),
        seen("git:ada@acme.test", display_name="Ada"),
        seen("github:7", login="lovelace"),
        seen("git:ops@acme.test"),
        seen("circleci:lovelace", login="lovelace"),
        seen("github:9", login="jenkins"),
    )
    return told


def test_a_merge_joins_what_no_rule_would(told: Told) -> None:
    told.register.merge("jira:ada", ["github:lovelace"], word())
    assert told.people() == {together("jira:1", "git:ada@acme.test", "github:7")}


def test_a_merge_and_its_undoing_give_the_old_tokens_back(told: Told) -> None:
    before = told.rows()
    number = told.register.merge("github:7", ["jira:1", "circleci:lovelace"], word())
    assert told.rows() != before
    told.register.undo(number, word("I was wrong"))
    assert told.rows() == before


def test_a_merge_and_a_split_of_what_it_joined_give_the_old_tokens_back(told: Told) -> None:
    before = told.rows()
    told.register.merge("jira:1", ["github:7"], word())
    told.register.split(["github:7"], word("another Ada"))
    assert told.rows() == before


def test_a_split_holds_against_the_rule_that_joined(told: Told) -> None:
    told.register.split(["git:ada@acme.test"], word("a shared machine"))
    assert told.people() == set()
    told.see(seen("pagerduty:P1", email="ada@acme.test"))
    assert told.people() == {together("jira:1", "pagerduty:P1")}, "the others are joined as ever"


def test_an_undone_split_lets_the_rule_join_again(told: Told) -> None:
    before = told.rows()
    number = told.register.split(["git:ada@acme.test"], word())
    told.register.undo(number, word())
    assert told.rows() == before


def test_an_undone_undo_restores_the_decision(told: Told) -> None:
    number = told.register.merge("jira:1", ["github:7"], word())
    merged = told.rows()
    undone = told.register.undo(number, word())
    told.log.append("governance", b"another event")
    with pytest.raises(IdentityError, match="no decision"):
        told.register.undo(number, word())
    assert told.rows() != merged
    again = RecordedDecision(
        told.log.append("governance", b"x"),
        Decision(kind="undo", undoes=undone, decided_at=AT, decided_by="c_", reason="c_"),
    )
    told.vault.record_decisions([again])
    assert told.rows() == merged


def test_the_newer_of_two_decisions_counts(told: Told) -> None:
    told.register.merge("jira:1", ["github:7"], word())
    told.register.split(["github:7"], word())
    assert together("jira:1", "git:ada@acme.test") in told.people()
    told.register.merge("jira:1", ["github:7"], word())
    assert told.people() == {together("jira:1", "git:ada@acme.test", "github:7")}


def test_a_merge_can_begin_and_end_and_the_person_keeps_the_token_throughout(told: Told) -> None:
    """The on-call mailbox was Ada's in March; her own accounts do not change hands for that."""
    before = told.rows()
    told.register.merge("jira:1", ["git:ops@acme.test"], word(valid_from=MARCH, valid_until=APRIL))
    ada = together("jira:1", "git:ada@acme.test")
    assert told.people(MID_MARCH) == {ada | {"git:ops@acme.test"}}
    assert told.people() == told.people(datetime(2026, 2, 28, 23, tzinfo=UTC)) == told.people(APRIL) == {ada}
    assert told.token_of("git:ops@acme.test", MID_MARCH) == told.token_of("jira:1") == own("jira:1")
    assert told.token_of("git:ops@acme.test", APRIL) == own("git:ops@acme.test")
    unchanged = [row for row in before if row[0] != "git:ops@acme.test"]
    assert [row for row in told.rows() if row[0] != "git:ops@acme.test"] == unchanged


def test_spans_of_an_account_neither_overlap_nor_leave_a_gap(told: Told) -> None:
    told.register.merge("jira:1", ["git:ops@acme.test"], word(valid_from=MARCH, valid_until=APRIL))
    told.register.merge("github:7", ["git:ops@acme.test"], word(valid_from=APRIL))
    spans = sorted(row[2:4] for row in told.rows() if row[0] == "git:ops@acme.test")
    assert len(spans) == 3
    assert [end for _, end in spans[:-1]] == [start for start, _ in spans[1:]]


def test_a_dated_split_leaves_the_past_as_it_was(told: Told) -> None:
    told.register.split(["git:ada@acme.test"], word(valid_from=APRIL))
    assert told.people(MID_MARCH) == {together("jira:1", "git:ada@acme.test")}
    assert told.people() == set()
    assert told.token_of("jira:1", MID_MARCH) == told.token_of("jira:1")


def test_a_mapping_of_the_settings_can_be_dated(told: Told) -> None:
    told.rules = IdentityRules(people=(MappedPerson("ops", ("git:ops@acme.test", "github:7"), MARCH, APRIL),))
    told.see()
    assert together("git:ops@acme.test", "github:7") in told.people(MID_MARCH)
    assert together("git:ops@acme.test", "github:7") not in told.people()


def test_decisions_survive_a_restart_and_the_loss_of_the_vault(told: Told, tmp_path: Path) -> None:
    told.register.merge("jira:1", ["github:7"], word())
    told.register.split(["git:ada@acme.test"], word(valid_from=APRIL))
    told.see()
    kept = told.rows()
    logged = [
        RecordedDecision(number, Decision.from_document(json.loads(leaf)))
        for number, leaf in enumerate(told.log.leaves)
    ]
    again = Told(tmp_path / "second.duckdb")
    again.vault.record_decisions(logged)
    again.see(seen("github:9", login="jenkins"), seen("circleci:lovelace", login="lovelace"))
    again.see(seen("git:ops@acme.test"), seen("git:ada@acme.test", display_name="Ada"))
    again.see(seen("jira:1", login="ada", email="ada@acme.test"), seen("github:7", login="lovelace"))
    assert again.rows() == kept
    assert [each.reason for each in again.register.decisions()] == [None, None]
    assert told.register.decisions()[0].reason == "they sit beside me"


def test_the_leaf_of_a_decision_names_nobody(told: Told) -> None:
    told.register.merge("jira:1", ["github:7"], word("Grace says so", valid_from=MARCH))
    (leaf,) = told.log.leaves
    document = json.loads(leaf)
    assert {key: document[key] for key in ("v", "kind", "decision", "person", "accounts", "valid_until")} == {
        "v": 1,
        "kind": "identity_decision",
        "decision": "merge",
        "person": own("jira:1"),
        "accounts": [own("github:7")],
        "valid_until": None,
    }
    assert document["valid_from"] == "2026-03-01T00:00:00+00:00"
    for secret in (b"Ada", b"Grace", b"ada", b"lovelace", b"jira", b"github", b"acme"):
        assert secret not in leaf
    assert Decision.from_document(document).leaf() == leaf


def test_a_decision_of_a_version_to_come_is_not_guessed_at(told: Told) -> None:
    told.register.merge("jira:1", ["github:7"], word())
    for change in ({"v": 2}, {"decision": "forget"}):
        with pytest.raises(IdentityError, match="use a newer one"):
            Decision.from_document(json.loads(told.log.leaves[0]) | change)


def test_what_cannot_be_followed_is_refused_and_not_logged(told: Told) -> None:
    told.rules = IdentityRules(
        people=(
            MappedPerson("ada", ("jira:1", "git:ada@acme.test")),
            MappedPerson("ops", ("git:ops@acme.test",)),
        )
    )
    told.see()
    register = told.register
    with pytest.raises(IdentityError, match="bot and a human"):
        register.merge("jira:1", ["github:9"], word())
    with pytest.raises(IdentityError, match="contradicts a stronger one"):
        register.merge("jira:1", ["git:ops@acme.test"], word())
    with pytest.raises(IdentityError, match=r"assay\.yml is changed there"):
        register.split(["git:ada@acme.test"], word())
    with pytest.raises(IdentityError, match="nobody has seen an account github:nobody"):
        register.merge("jira:1", ["github:nobody"], word())
    with pytest.raises(IdentityError, match="one person's already"):
        register.merge("jira:1", ["git:ada@acme.test"], word())
    with pytest.raises(IdentityError, match="nobody is left"):
        register.split(["github:7"], word())
    with pytest.raises(IdentityError, match="not one person's"):
        register.split(["github:7", "circleci:lovelace"], word())
    with pytest.raises(IdentityError, match="end before it begins"):
        register.merge("jira:1", ["github:7"], word(valid_from=APRIL, valid_until=MARCH))
    with pytest.raises(IdentityError, match="no decision 0 that holds"):
        register.undo(0, word())
    with pytest.raises(IdentityError, match="no suggestion s0"):
        register.accept("s0", word())
    assert told.log.leaves == []
    assert register.decisions() == []


@pytest.mark.parametrize("missing", [{"decided_by": " "}, {"reason": ""}])
def test_a_decision_that_nobody_answers_for_is_refused(missing: dict[str, str]) -> None:
    with pytest.raises(IdentityError, match="name of who decides and a reason"):
        word(**missing)


def test_a_name_that_several_accounts_have_is_asked_back(told: Told) -> None:
    told.see(seen("github:8", login="lovelace"))
    with pytest.raises(IdentityError, match="github:7 or github:8"):
        told.register.merge("jira:1", ["github:lovelace"], word())


def test_an_account_that_turns_out_to_be_a_bot_leaves_the_person_whatever_was_decided(told: Told) -> None:
    told.register.merge("jira:1", ["github:7"], word())
    told.see(seen("github:7", login="lovelace", account_type="Bot", first_seen_log_index=9))
    assert told.people() == {together("jira:1", "git:ada@acme.test")}
    assert told.reasons() == {"decision 0 would join a bot and a human"}


def test_a_filling_without_news_leaves_the_file_alone_though_much_was_decided(told: Told) -> None:
    told.register.merge("jira:1", ["git:ops@acme.test"], word(valid_from=MARCH))
    told.see()
    before = told.path.read_bytes()
    told.see()
    assert told.path.read_bytes() == before


def test_what_decides_is_fingerprinted_with_the_key(told: Told) -> None:
    first = told.vault.rules_fingerprint()
    assert told.vault.rules_fingerprint() == first
    told.register.merge("jira:1", ["github:7"], word())
    second = told.vault.rules_fingerprint()
    told.rules = IdentityRules(shared_mailboxes=("office@acme.test",))
    assert len({first, second, told.vault.rules_fingerprint()}) == 3
