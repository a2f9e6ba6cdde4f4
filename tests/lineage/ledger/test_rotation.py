"""A new key counts because the old one named it; a key that nobody named is found and named."""

import json
import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lineage.ledger import (
    Finding,
    KeyRotation,
    Ledger,
    NoteError,
    NoteSigner,
    NoteVerifier,
    RotationError,
    append_rotation,
    canonical_json,
    verify_ledger,
)

FIRST, SECOND, THIRD, THIEF = (NoteSigner("assay/acme", bytes([n]) * 32) for n in (1, 2, 3, 9))
AT = datetime(2026, 7, 1, tzinfo=UTC)


def rotate(ledger: Ledger, old: NoteSigner, new: NoteSigner) -> None:
    with ledger.transaction() as transaction:
        append_rotation(transaction, old, new, at=AT, reason="yearly")


def grow(ledger: Ledger, signer: NoteSigner) -> None:
    with ledger.transaction() as transaction:
        transaction.append_many("payload", [b"a", b"b"])
        transaction.append("governance", b"{}")
    for log in ("payload", "governance"):
        ledger.checkpoint(log, signer, at=AT)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """Three keys, one after the other, each with checkpoints of its time."""
    made = Ledger(tmp_path / "ledger.sqlite", origin="assay/acme")
    grow(made, FIRST)
    rotate(made, FIRST, SECOND)
    grow(made, SECOND)
    rotate(made, SECOND, THIRD)
    grow(made, THIRD)
    return made


def fatal(ledger: Ledger, *trusted: NoteSigner) -> list[Finding]:
    ledger.close()
    keys = tuple(signer.verifier for signer in trusted)
    return [one for one in verify_ledger(ledger.path, origin="assay/acme", verifiers=keys) if one.is_fatal]


@pytest.mark.parametrize("pinned", [FIRST, SECOND, THIRD])
def test_whoever_trusts_one_key_can_follow_the_chain_to_all(ledger: Ledger, pinned: NoteSigner) -> None:
    trust = ledger.trust([pinned.verifier])
    assert set(trust.verifiers) == {one.verifier for one in (FIRST, SECOND, THIRD)}
    assert trust.problems == ()
    assert fatal(ledger, pinned) == []


def test_a_swapped_key_without_a_rotation_is_named(ledger: Ledger) -> None:
    grow(ledger, THIEF)
    found = fatal(ledger, THIRD)
    assert len(found) == 2
    assert all("the key was swapped" in one.problem for one in found)
    assert all(THIEF.verifier.key_id.hex() in one.problem for one in found)


def test_whoever_is_given_the_thief_s_key_sees_that_nothing_leads_to_it(ledger: Ledger) -> None:
    problems = [one.problem for one in fatal(ledger, THIEF)]
    assert any("no trusted key leads to" in problem for problem in problems)
    assert any("the key was swapped" in problem for problem in problems)


def test_a_retired_key_signs_nothing_new(ledger: Ledger) -> None:
    grow(ledger, FIRST)
    found = fatal(ledger, THIRD)
    assert ["retired" in one.problem for one in found] == [True, True]
    with pytest.raises(NoteError, match="retired when the payload log had 2 leaves"):
        ledger.trust([THIRD.verifier]).open(ledger.signed("payload", 3, FIRST), log="payload")
    assert ledger.trust([THIRD.verifier]).open(ledger.signed("payload", 2, FIRST), log="payload").size == 2


def test_a_retired_key_names_no_other_successor(ledger: Ledger) -> None:
    rotate(ledger, FIRST, THIEF)
    ((name, problem),) = [(one.object_name, one.problem) for one in fatal(ledger, THIRD)]
    assert "a key rotation" in name
    assert "was retired before" in problem
    assert THIEF.verifier not in ledger.trust([FIRST.verifier]).verifiers


def test_a_retired_key_does_not_come_back(ledger: Ledger) -> None:
    rotate(ledger, THIRD, FIRST)
    assert any("cannot come back" in one.problem for one in fatal(ledger, THIRD))


def forged(ledger: Ledger, changes: Iterable[tuple[str, object]]) -> bytes:
    index = next(i for i, leaf in ledger.leaves("governance", 0, 99) if b"key_rotation" in leaf)
    leaf = json.loads(ledger.leaf("governance", index))
    for name, value in changes:
        leaf[name] = value
    return canonical_json(leaf)


@pytest.mark.parametrize(
    "changes",
    [
        [("new_key", THIEF.verifier.text())],
        [("old_key", THIEF.verifier.text())],
        [("payload_size", 99)],
        [("governance_size", 99)],
        [("rotated_at", "2020-01-01T00:00:00+00:00")],
        [("reason", "other")],
        [("signatures", {"old": "AAAA", "new": "AAAA"})],
        [("kind", "note")],
        [("extra", 1)],
    ],
)
def test_a_changed_leaf_of_a_rotation_does_not_hold(
    ledger: Ledger, changes: list[tuple[str, object]]
) -> None:
    with pytest.raises(RotationError):
        KeyRotation.parse(forged(ledger, changes))


def test_a_rotation_that_was_copied_to_another_place_is_named(ledger: Ledger) -> None:
    leaf = forged(ledger, [])
    with ledger.transaction() as transaction:
        transaction.append("governance", leaf)
    assert any("stands elsewhere" in one.problem for one in fatal(ledger, THIRD))


def test_a_key_cannot_take_over_from_itself(ledger: Ledger) -> None:
    with pytest.raises(RotationError, match="from itself"):
        rotate(ledger, THIRD, THIRD)
    assert ledger.trust([THIRD.verifier]).problems == ()


def test_without_any_trusted_key_the_chain_is_judged_from_the_first_checkpoint(ledger: Ledger) -> None:
    assert fatal(ledger) == []
    rotate(ledger, FIRST, THIEF)
    assert any("was retired before" in one.problem for one in fatal(ledger))


def test_a_ledger_of_the_first_layout_gets_the_new_tables_when_it_is_written_to(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with Ledger(path, origin="assay/acme") as made:
        grow(made, FIRST)
    connection = sqlite3.connect(path)
    connection.executescript("DROP TABLE cosignatures; DROP TABLE anchors; PRAGMA user_version = 1;")
    connection.close()
    old = Ledger(path, origin="assay/acme")
    assert old.cosignatures() == []
    assert old.anchors() == []
    grow(old, FIRST)
    assert fatal(old, FIRST) == []
    assert NoteVerifier.parse(FIRST.verifier.text()) == FIRST.verifier
