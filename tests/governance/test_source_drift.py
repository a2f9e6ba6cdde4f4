"""Decisions about drift: what they must say, and which one is in force."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from governance.errors import DriftDecisionError
from governance.source_drift import DriftDecision, accepted_drifts

DECISION = DriftDecision(
    drift_id="drift-0123456789ab",
    is_accepted=True,
    reason="the vendor added a state",
    decided_by="c_0123",
    decided_at=datetime(2026, 5, 3, tzinfo=UTC),
)


def test_a_decision_is_read_back_from_its_leaf() -> None:
    assert accepted_drifts([(7, DECISION.leaf())]) == {DECISION.drift_id: (7, DECISION)}


def test_an_acceptance_may_be_taken_back_and_given_again() -> None:
    back = replace(DECISION, is_accepted=False, reason="it means something else")
    leaves = [(3, DECISION.leaf()), (4, back.leaf())]
    assert accepted_drifts(leaves) == {}
    assert accepted_drifts([*leaves, (5, DECISION.leaf())])[DECISION.drift_id][0] == 5


def test_leaves_of_other_kinds_are_passed_over() -> None:
    assert accepted_drifts([(0, b'{"kind":"gate_decision","v":1}'), (1, b"\xff")]) == {}


def test_a_decision_without_a_reason_or_a_time_zone_is_refused() -> None:
    with pytest.raises(DriftDecisionError, match="needs a reason"):
        replace(DECISION, reason=" ")
    with pytest.raises(DriftDecisionError, match="time zone"):
        replace(DECISION, decided_at=datetime(2026, 5, 3))  # noqa: DTZ001 - that is the mistake


def test_a_decision_of_a_later_version_is_not_misread() -> None:
    with pytest.raises(DriftDecisionError, match="newer Assay"):
        DriftDecision.from_document(DECISION.to_document() | {"v": 2})
