"""Sign-offs count from their leaf on; revocations are signed; a clock set back is noticed."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from governance.clock import ClockFloor, newest_event_at
from governance.errors import SignerError
from governance.sign_off_log import read_history, record_sign_offs, revocation_statement, revoke
from governance.signers import Signature, holds
from tests.governance.incentive_world import (
    AT,
    FINN,
    OLGA,
    PIA,
    RegisteredSigner,
    Signer,
    SignerRegister,
    register,
    signed,
)

DAY = timedelta(days=1)


@dataclass
class Log:
    leaves: list[bytes] = field(default_factory=list)

    def append(self, log: str, leaf: bytes) -> int:
        assert log == "governance"
        self.leaves.append(leaf)
        return len(self.leaves) - 1

    def size(self, _log: str) -> int:
        return len(self.leaves)

    def numbered(self) -> Iterator[tuple[int, bytes]]:
        return iter(enumerate(self.leaves))


def test_a_sign_off_is_recorded_once_when_it_is_first_seen() -> None:
    log, given = Log(), signed("finance")
    assert record_sign_offs(log, [given, given], read_history(log.numbered()), at=AT) == [given]
    assert record_sign_offs(log, [given], read_history(log.numbered()), at=AT + DAY) == []
    (found,) = read_history(log.numbered()).of([given])
    assert found.recorded_at == AT
    assert found.is_in_force(AT)
    assert not found.is_in_force(AT - timedelta(seconds=1))
    assert found.state(AT) == "in force until 2027-01-01"
    assert found.state(AT - DAY) == "not recorded in the governance log by then"
    assert found.state(datetime(2027, 1, 1, tzinfo=UTC)) == "lapsed on 2027-01-01"


def test_a_second_leaf_about_a_sign_off_moves_nothing() -> None:
    log, given = Log(), signed("finance")
    history = read_history(log.numbered())
    record_sign_offs(log, [given], history, at=AT)
    earlier = log.leaves[0].replace(b"2026-07-01", b"2026-01-01")
    log.leaves.append(earlier)
    assert read_history(log.numbered()).of([given])[0].recorded_at == AT


def test_a_leaf_holds_the_sign_off_and_no_name() -> None:
    log, given = Log(), signed("finance")
    record_sign_offs(log, [given], read_history(log.numbered()), at=AT)
    leaf = json.loads(log.leaves[0])
    assert leaf["kind"] == "sign_off_recorded"
    assert leaf["sign_off"] == given.to_document()
    assert leaf["sign_off_sha256"] == given.sha256
    assert b"Finn" not in log.leaves[0]


def revoked_by(signer: Signer, people: SignerRegister, reason: str = "agreement ended") -> Log:
    log, given = Log(), signed("finance")
    record_sign_offs(log, [given], read_history(log.numbered()), at=AT)
    revoke(log, given, reason=reason, signer=signer, register=people, at=AT + DAY)
    return log


def test_whoever_gave_a_sign_off_takes_it_back_by_a_signed_leaf() -> None:
    log, given = revoked_by(FINN, register()), signed("finance")
    (found,) = read_history(log.numbered()).of([given])
    assert found.is_in_force(AT + timedelta(hours=23))
    assert not found.is_in_force(AT + DAY)
    assert found.state(AT + DAY) == "revoked on 2026-07-02"
    leaf = json.loads(log.leaves[-1])
    assert leaf["statement"] == revocation_statement(given, "agreement ended")
    assert holds(leaf["statement"], Signature.from_document(leaf["signature"]))


def test_another_holder_of_the_role_may_revoke_and_nobody_else() -> None:
    fay = Signer("Fay", b"f" * 32)
    people = SignerRegister.of(
        [*register().signers, RegisteredSigner("Fay", fay.public_key, ("finance",), ())]
    )
    assert len(revoked_by(fay, people).leaves) == 2
    with pytest.raises(SignerError, match="neither gave this sign-off nor holds the role finance"):
        revoked_by(PIA, people)
    with pytest.raises(SignerError, match="not in the register"):
        revoked_by(Signer("Eve", b"e" * 32), people)
    with pytest.raises(SignerError, match="needs a reason"):
        revoked_by(fay, people, reason=" ")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"scope": "payments"}, "is no scope of a sign-off"),
        ({"scope": "service:checkout"}, "is no scope of a sign-off"),
        ({"valid_until": date(2026, 1, 1)}, "is never in force"),
    ],
)
def test_a_sign_off_that_could_cover_nothing_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(SignerError, match=message):
        signed("finance", **changes)


def test_the_newest_event_counts_and_not_the_last_leaf() -> None:
    """With the clock set back leaves can be appended, but what stands before them does not go away."""
    leaves = [
        (0, b'{"decided_at":"2026-07-01T03:00:00+00:00","kind":"gate_decision","v":1}'),
        (1, b'{"kind":"publication","published_at":"2026-07-02T03:00:00.5+00:00"}'),
        (2, b'{"decided_at":"2026-01-01T03:00:00+00:00","valid_until":"2030-01-01"}'),
        (
            3,
            b'{"due_at":"2031-01-01T00:00:00+00:00","reason":"\\"decided_at\\":\\"2032-01-01T00:00:00+00:00\\""}',
        ),
    ]
    newest = newest_event_at(leaves)
    assert newest == datetime(2026, 7, 2, 3, 0, 0, 500_000, tzinfo=UTC)
    assert newest_event_at([]) is None


def test_clocks_of_machines_may_differ_by_minutes() -> None:
    floor = ClockFloor(AT, "the newest fetch")
    assert floor.is_respected(AT - timedelta(minutes=4))
    assert not floor.is_respected(AT - timedelta(minutes=6))
    assert OLGA.public_key != PIA.public_key
