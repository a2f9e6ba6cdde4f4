"""The gate: open when all holds, closed with the reason when any single thing does not."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from governance.gate import Decision, closed, decide, record_decisions
from governance.policies import MetricPolicy
from governance.predicates import CellSummary, Circumstances, MetricUnderReview
from governance.sign_offs import SignOff, sign_off, sign_off_statement
from governance.signers import RegisteredSigner, Signer, SignerRegister

AT = datetime(2026, 7, 1, 3, tzinfo=UTC)
HASH = "ab" * 32
ROLES = ("metric_owner", "people_operations", "works_council")
SIGNERS = {role: Signer(f"holder of {role}", bytes([number]) * 32) for number, role in enumerate(ROLES, 1)}
REGISTER = SignerRegister.of(
    RegisteredSigner(signer.person, signer.public_key, (role,)) for role, signer in SIGNERS.items()
)


@dataclass(frozen=True)
class Check:
    name: str = "conserves_deployments"
    subject: str = "fct_deployments"
    severity: str = "blocking"
    is_passed: bool = True


def signed(role: str, **changes: Any) -> SignOff:
    signer = changes.pop("signer", SIGNERS[role])
    statement = {
        "metric": "change_lead_time",
        "definition_hash": HASH,
        "role": role,
        "scope": "*",
        "valid_from": date(2026, 1, 1),
        "valid_until": date(2027, 1, 1),
    }
    return sign_off(signer, sign_off_statement(**{**statement, **changes}))


METRIC = MetricUnderReview(
    metric="change_lead_time",
    metric_version=1,
    owner="platform",
    definition_hash=HASH,
    policy=MetricPolicy("incentive", 20, ("team",), ROLES, date(2026, 12, 31)),
    cells=CellSummary(shown=40, withheld=3, scope_kinds=("team",), smallest_n=20),
)
CIRCUMSTANCES = Circumstances(
    day=AT.date(),
    checks=(Check(), Check("warned", severity="warning", is_passed=False)),
    register=REGISTER,
    sign_offs=tuple(signed(role) for role in ROLES),
    witnesses=("internal-audit",),
    cosigned_by=("internal-audit", "somebody-else"),
)


def reasons(metric: MetricUnderReview, circumstances: Circumstances) -> str:
    return "\n".join(decide(metric, circumstances, at=AT).reasons)


def test_an_incentive_metric_with_everything_in_order_is_published() -> None:
    decision = decide(METRIC, CIRCUMSTANCES, at=AT)
    assert decision.reasons == ()
    assert decision.is_open
    assert len(decision.predicates) == 8


def unsigned(role: str) -> tuple[SignOff, ...]:
    return tuple(one for one in CIRCUMSTANCES.sign_offs if one.role != role)


@pytest.mark.parametrize(
    ("metric", "circumstances", "predicate"),
    [
        ({"definition_hash": None}, {}, "definition_hash_known"),
        ({}, {"checks": (Check(is_passed=False),)}, "check_results_pass"),
        ({}, {"checks": ()}, "check_results_pass"),
        ({}, {"checks": (Check(severity="warning"),)}, "check_results_pass"),
        ({"cells": CellSummary(40, 0, ("team", "service"), 20)}, {}, "scope_kinds_allowed"),
        ({"cells": CellSummary(40, 0, ("person",), 20)}, {}, "scope_kinds_allowed"),
        ({"cells": CellSummary(40, 0, ("team",), 19)}, {}, "minimum_n"),
        ({}, {"day": date(2027, 1, 1), "sign_offs": ()}, "review_not_overdue"),
        ({"policy": replace(METRIC.policy, review_by=None)}, {}, "review_not_overdue"),
        ({"policy": replace(METRIC.policy, required_roles=())}, {}, "signoff_present"),
        ({}, {"sign_offs": unsigned("works_council")}, "signoff_present"),
        ({}, {"register": SignerRegister()}, "signoff_present"),
        ({}, {"witnesses": ()}, "witness_cosigned"),
        ({}, {"cosigned_by": ("somebody-else",)}, "witness_cosigned"),
    ],
)
def test_each_predicate_violated_alone_closes_the_gate(
    metric: dict[str, Any], circumstances: dict[str, Any], predicate: str
) -> None:
    decision = decide(replace(METRIC, **metric), replace(CIRCUMSTANCES, **circumstances), at=AT)
    assert not decision.is_open
    assert predicate in [result.name for result in decision.predicates if not result.is_passed]


@pytest.mark.parametrize(
    "changes",
    [
        {"metric": "deployment_frequency"},
        {"definition_hash": "cd" * 32},
        {"scope": "team:payments"},
        {"valid_until": AT.date()},
        {"valid_from": date(2026, 7, 2)},
        {"signer": Signer("stranger", b"s" * 32)},
        {"signer": SIGNERS["metric_owner"]},
    ],
)
def test_a_sign_off_counts_for_its_metric_definition_scope_time_and_role_only(
    changes: dict[str, Any],
) -> None:
    sign_offs = (*unsigned("works_council"), signed("works_council", **changes))
    assert "missing works_council" in reasons(METRIC, replace(CIRCUMSTANCES, sign_offs=sign_offs))


def test_a_sign_off_whose_signature_was_taken_from_another_counts_for_nothing() -> None:
    forged = replace(signed("works_council"), signature=signed("metric_owner").signature)
    assert "missing works_council" in reasons(
        METRIC, replace(CIRCUMSTANCES, sign_offs=(*unsigned("works_council"), forged))
    )


def test_one_person_in_two_roles_is_not_four_eyes() -> None:
    ada = SIGNERS["metric_owner"]
    everywhere = SignerRegister.of([RegisteredSigner("ada", ada.public_key, ROLES)])
    sign_offs = tuple(signed(role, signer=ada) for role in ROLES)
    text = reasons(METRIC, replace(CIRCUMSTANCES, register=everywhere, sign_offs=sign_offs))
    assert "four_eyes: 1 different people; wanted at least 3" in text
    assert "signoff_present" not in text


def test_a_predicate_that_breaks_closes_the_gate_and_says_how() -> None:
    nonsense: Any = (object(),)
    broken = replace(CIRCUMSTANCES, checks=nonsense)
    assert "check_results_pass: could not be answered: AttributeError" in reasons(METRIC, broken)


def test_a_tier_that_nobody_knows_is_closed() -> None:
    unknown = replace(METRIC, policy=replace(METRIC.policy, tier="gold"))
    assert "tier_known: gold" in reasons(unknown, CIRCUMSTANCES)


@pytest.mark.parametrize(("tier", "asked"), [("exploratory", 2), ("operational", 3), ("certified", 4)])
def test_other_tiers_need_no_signature(tier: str, asked: int) -> None:
    plain = replace(METRIC, policy=MetricPolicy(tier, 20, ("service", "team", "organisation"), (), None))
    decision = decide(plain, replace(CIRCUMSTANCES, sign_offs=(), cosigned_by=()), at=AT)
    assert decision.is_open
    assert len(decision.predicates) == asked


def test_a_certified_metric_whose_review_is_overdue_is_closed() -> None:
    late = MetricPolicy("certified", 20, ("team",), (), date(2026, 6, 30))
    assert "review_not_overdue: review due 2026-06-30" in reasons(replace(METRIC, policy=late), CIRCUMSTANCES)


def test_a_decision_is_a_leaf_with_every_predicate_and_value() -> None:
    decision = decide(METRIC, CIRCUMSTANCES, at=AT)
    leaf = json.loads(decision.leaf())
    assert leaf["kind"] == "gate_decision"
    assert leaf["is_open"] is True
    assert leaf["decided_at"] == "2026-07-01T03:00:00+00:00"
    assert [one["name"] for one in leaf["predicates"]] == [one.name for one in decision.predicates]
    assert all(set(one) == {"name", "is_passed", "observed", "expected"} for one in leaf["predicates"])


@dataclass
class ListLog:
    leaves: list[bytes] = field(default_factory=list)

    @contextmanager
    def transaction(self) -> Iterator["ListLog"]:
        yield self

    def append(self, log: str, leaf: bytes) -> int:
        assert log == "governance"
        self.leaves.append(leaf)
        return len(self.leaves) - 1

    def size(self, _log: str) -> int:
        return len(self.leaves)


def test_decisions_go_to_the_governance_log_open_or_closed() -> None:
    log = ListLog()
    decisions: list[Decision] = [
        decide(METRIC, CIRCUMSTANCES, at=AT),
        decide(replace(METRIC, definition_hash=None), CIRCUMSTANCES, at=AT),
    ]
    with log.transaction() as transaction:
        assert record_decisions(transaction, decisions) == [0, 1]
    assert [json.loads(leaf)["is_open"] for leaf in log.leaves] == [True, False]
    assert closed(decisions) == (decisions[1],)
