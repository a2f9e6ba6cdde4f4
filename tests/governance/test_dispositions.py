"""Dispositions: what a decision must say, and which one is in force."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from governance.dispositions import Cause, Disposition, dispositions_in_force
from governance.errors import DispositionError

DECISION = Disposition(
    incident_id="i1",
    cause="caused_by",
    deployment_ids=("d2", "d1"),
    reason="postmortem 12",
    decided_by="c_0123",
    decided_at=datetime(2026, 5, 3, tzinfo=UTC),
)


def test_a_decision_is_read_back_from_its_leaf() -> None:
    found = dispositions_in_force([(7, DECISION.leaf())])
    assert found == {"i1": (7, replace(DECISION, deployment_ids=("d1", "d2")))}


def test_the_newest_decision_about_an_incident_is_in_force() -> None:
    later = replace(DECISION, cause="not_caused", deployment_ids=())
    other = replace(DECISION, incident_id="i2")
    leaves = [(3, DECISION.leaf()), (4, other.leaf()), (9, later.leaf())]
    assert {name: index for name, (index, _) in dispositions_in_force(leaves).items()} == {"i1": 9, "i2": 4}


def test_unknown_takes_a_decision_back_and_another_one_may_follow() -> None:
    back = replace(DECISION, cause="unknown", deployment_ids=())
    leaves = [(3, DECISION.leaf()), (4, back.leaf())]
    assert dispositions_in_force(leaves) == {}
    assert dispositions_in_force([*leaves, (5, DECISION.leaf())])["i1"][0] == 5


def test_leaves_of_other_kinds_are_passed_over() -> None:
    assert dispositions_in_force([(0, b'{"kind":"gate_decision","v":1}'), (1, b"\xff")]) == {}


@pytest.mark.parametrize(
    ("cause", "deployments", "reason", "message"),
    [
        ("caused_by", (), "why", "names at least one deployment"),
        ("not_caused", ("d1",), "why", "names at least one deployment"),
        ("unknown", ("d1",), "why", "names at least one deployment"),
        ("guessed", (), "why", "unknown disposition"),
        ("not_caused", (), "  ", "needs a reason"),
    ],
)
def test_a_decision_that_does_not_fit_together_is_refused(
    cause: Cause, deployments: tuple[str, ...], reason: str, message: str
) -> None:
    with pytest.raises(DispositionError, match=message):
        replace(DECISION, cause=cause, deployment_ids=deployments, reason=reason)


def test_a_decision_needs_a_time_zone() -> None:
    with pytest.raises(DispositionError, match="time zone"):
        replace(DECISION, decided_at=datetime(2026, 5, 3))  # noqa: DTZ001 - what is refused


def test_a_leaf_of_a_later_version_is_not_guessed_at() -> None:
    with pytest.raises(DispositionError, match="newer"):
        dispositions_in_force([(0, DECISION.leaf().replace(b'"v":1', b'"v":2'))])
