"""The gate: open when all holds, closed with the reason when any single thing does not."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from governance.cell_gate import CellDecision, commitment, summarise_cells
from governance.cell_predicates import FLAGS
from governance.circumstances import CellKey, CellSummary, ClockReading, Recomputation
from governance.clock import ClockFloor
from governance.gate import PREDICATES, Decision, closed, decide, record_decisions
from governance.policies import MetricPolicy
from governance.purposes import Purpose
from governance.signers import Signer, SignerRegister
from tests.governance.incentive_world import (
    AT,
    BOOK,
    CELLS,
    CIRCUMSTANCES,
    COUNCIL,
    METRIC,
    METRIC_NAME,
    OLGA,
    PIA,
    POLICY,
    PURPOSE,
    ROLES,
    SEARCH,
    Check,
    cell,
    decided,
    failing,
    recorded,
    register,
    registered,
    sign_offs,
    signed,
)

HOUR = timedelta(hours=1)


def test_an_incentive_metric_with_everything_in_order_is_published_with_every_value() -> None:
    decision, by_cell = decided()
    assert decision.reasons == ()
    assert decision.is_open
    assert [one.is_open for one in by_cell] == [True, True]
    assert [one.name for one in decision.predicates] == [one.__name__ for one in PREDICATES["incentive"]]
    assert [one.name for one in by_cell[0].predicates] == [one.__name__ for one in FLAGS]


def without_layer(layer: str) -> tuple[Check, ...]:
    return tuple(one for one in CIRCUMSTANCES.checks if one.layer != layer or one.severity != "blocking")


def signed_by(role: str, signer: Signer, **changes: Any) -> dict[str, Any]:
    """Somebody else signs a role, and is registered for it."""
    person = registered(role, person=signer.person, public_key=signer.public_key, **changes)
    return {
        "register": register(**{role: person}),
        "sign_offs": sign_offs(**{role: recorded(signed(role, signer=signer))}),
    }


EVE = Signer("Eve", b"e" * 32)
PIA_AS_FINANCE = {
    "register": SignerRegister.of(
        [
            registered("metric_owner"),
            registered("people_operations", roles=("people_operations", "finance")),
            registered(COUNCIL),
        ]
    ),
    "sign_offs": sign_offs(finance=recorded(signed("finance", signer=PIA))),
}
SPELT_AS_PIA = ("pia", " PIA ", "Pi\u200ba", "\uff30\uff49\uff41", "Pia\u202c")
"""Names that a review shows as Pia's."""

VIOLATIONS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("definition_hash_known", {"definition_hash": None}, {}),
    ("definition_exact", {"exactness": "approximate"}, {}),
    ("definition_exact", {"exactness": None}, {}),
    ("definition_exact", {"clocks": ClockReading(inexact=("avg()",))}, {}),
    ("check_results_pass", {}, {"checks": (*CIRCUMSTANCES.checks, Check(is_passed=False))}),
    ("check_results_pass", {}, {"checks": ()}),
    *(("every_layer_reconciled", {}, {"checks": without_layer(layer)}) for layer in ("extraction", "marts")),
    ("values_recomputed", {"recomputation": None}, {}),
    ("values_recomputed", {"recomputation": Recomputation(2, {1: 0, 8: 1})}, {}),
    ("values_recomputed", {"recomputation": Recomputation(2, {1: 1, 8: 0})}, {}),
    ("values_recomputed", {"recomputation": Recomputation(2, {1: 0})}, {}),
    ("server_observed_times", {"clocks": None}, {}),
    ("server_observed_times", {"clocks": ClockReading(undeclared=("marts.f.x",))}, {}),
    ("server_observed_times", {"clocks": ClockReading(author_settable=("marts.f.x",))}, {}),
    ("server_observed_times", {"clocks": ClockReading(author_settable_facts=1)}, {}),
    ("persons_listed", {"policy": replace(POLICY, scope_kinds=("team", "person"))}, {}),
    ("minimum_n", {"policy": replace(POLICY, minimum_n=4)}, {}),
    ("review_not_overdue", {"policy": replace(POLICY, review_by=None)}, {}),
    ("review_not_overdue", {"policy": replace(POLICY, review_by=date(2026, 6, 30))}, {}),
    ("clock_not_set_back", {}, {"clock_floors": None}),
    ("clock_not_set_back", {}, {"clock_floors": (ClockFloor(AT + HOUR, "the newest fetch"),)}),
    ("purpose_allowed", {}, {"purpose": None}),
    ("purpose_allowed", {}, {"purpose": replace(PURPOSE, name="promotion")}),
    ("purpose_allowed", {}, {"purpose": replace(PURPOSE, metrics=("throughput",))}),
    ("purpose_allowed", {}, {"purpose": replace(PURPOSE, tiers=("certified",))}),
    ("purpose_allowed", {"policy": replace(POLICY, purposes=())}, {}),
    ("signoff_present", {}, {"sign_offs": sign_offs(finance=None)}),
    ("signoff_present", {"policy": replace(POLICY, required_roles=())}, {}),
    ("signers_independent", {"policy": replace(POLICY, authors=())}, {}),
    ("signers_independent", {"policy": replace(POLICY, authors=("pia",))}, {}),
    ("signers_independent", {}, signed_by("finance", EVE, teams=("payments",))),
    ("signers_independent", {}, signed_by("finance", EVE, teams=(" Payments",))),
    ("signers_independent", {}, signed_by("finance", EVE, teams=("pay\u200bments",))),
    ("signers_independent", {}, signed_by("finance", EVE, teams=("delivery-metrics",))),
    ("signers_independent", {}, signed_by("finance", EVE, teams=None)),
    ("signers_independent", {}, signed_by("metric_owner", EVE, teams=())),
    ("four_eyes", {}, PIA_AS_FINANCE),
    *(("four_eyes", {}, signed_by("finance", replace(EVE, person=name), teams=())) for name in SPELT_AS_PIA),
    ("witness_cosigned", {}, {"witnesses": ()}),
    ("witness_cosigned", {}, {"cosigned_by": ("somebody-else",)}),
    ("counter_metrics_evaluated", {"policy": replace(POLICY, counter_metrics=())}, {}),
    ("counter_metrics_evaluated", {"policy": replace(POLICY, counter_metrics=("unheard_of",))}, {}),
    ("cause_bounds_shown", {"reads_dispositions": None}, {}),
    ("cause_bounds_shown", {"bounds": ()}, {}),
    ("cause_bounds_shown", {"bounds": ("unheard_of",)}, {}),
    ("disputes_known", {}, {"restricted_cells": None}),
    ("track_kept_apart", {"track_crossings": None}, {}),
    ("track_kept_apart", {"track_crossings": ("marts.fct_feedback",)}, {}),
]
# what cannot hold either where the first does not: no value can be signed for where nobody has signed
FOLLOWS: dict[str, set[str]] = {
    "definition_hash_known": {"signoff_present", "signers_independent", "four_eyes", "some_value_open"},
    "signoff_present": {"signers_independent", "four_eyes", "some_value_open"},
    "signers_independent": {"some_value_open"},
    "four_eyes": {"some_value_open"},
    "disputes_known": {"some_value_open"},
    "cause_bounds_shown": {"some_value_open"},
    "check_results_pass": {"every_layer_reconciled"},
    "server_observed_times": {"definition_exact"},
}


@pytest.mark.parametrize(("predicate", "metric", "circumstances"), VIOLATIONS)
def test_each_predicate_violated_alone_closes_the_gate_with_its_reason(
    predicate: str, metric: dict[str, Any], circumstances: dict[str, Any]
) -> None:
    decision, _ = decided(replace(METRIC, **metric), replace(CIRCUMSTANCES, **circumstances))
    assert not decision.is_open
    assert predicate in failing(decision)
    assert set(failing(decision)) - FOLLOWS.get(predicate, set()) == {predicate}
    (reason,) = [line for line in decision.reasons if line.startswith(f"{predicate}: ")]
    assert "; wanted " in reason


SCOPES_BEYOND = CellSummary(1, 0, ("service", "team"), 40, teams=frozenset({"payments"}))
FEW = CellSummary(1, 0, ("team",), 19, teams=frozenset({"payments"}))


@pytest.mark.parametrize(
    ("cells", "predicate"),
    [
        (SCOPES_BEYOND, "scope_kinds_allowed"),
        (FEW, "minimum_n"),
        (replace(FEW, shown=0, smallest_n=None), "some_value_open"),
    ],
)
def test_what_would_be_shown_is_looked_at_once_more(cells: CellSummary, predicate: str) -> None:
    assert failing(decide(replace(METRIC, cells=cells), CIRCUMSTANCES)) == [predicate]


def test_many_crossings_are_named_by_a_few_so_that_people_can_read_the_leaf() -> None:
    """One broken view is upstream of a hundred models; the decision is a leaf and a manifest entry."""
    crossings = tuple(f"model_{number} < feedback" for number in range(100))
    reason = next(
        line
        for line in decided(replace(METRIC, track_crossings=crossings))[0].reasons
        if line.startswith("track_kept_apart: ")
    )
    assert "model_2 < feedback, and 97 more that `assay tracks` lists" in reason
    assert "model_3 " not in reason


def test_every_predicate_has_a_violation() -> None:
    violated = {name for name, _, _ in VIOLATIONS} | {"scope_kinds_allowed", "some_value_open"}
    assert violated == {one.__name__ for asked in PREDICATES.values() for one in asked}
    assert {name for name, _, _ in CELL_VIOLATIONS} == {one.__name__ for one in FLAGS}


KEY = cell().key
CELL_VIOLATIONS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("grain_allowed", {"key": KEY._replace(scope_kind="service")}, {}),
    ("enough_events", {"n": 19}, {}),
    ("enough_events", {"n": None}, {}),
    ("enough_people", {"team_size": 4}, {}),
    ("enough_people", {"team_size": None}, {}),
    ("period_whole", {"flags": frozenset({"partial"})}, {}),
    ("period_mature", {"flags": frozenset({"maturing"})}, {}),
    ("period_read_whole", {"flags": frozenset({"incomplete"})}, {}),
    ("causes_known", {"dispositions_unknown_share": Decimal("0.0501")}, {}),
    ("causes_known", {"flags": frozenset({"dispositions_unknown"})}, {}),
    ("causes_known", {}, {"dispositions_unknown_percent": None}),
    ("both_bounds_beside", {"missing_bounds": ("change_fail_rate_explicit",)}, {}),
    ("counters_beside", {"missing_counters": ("deployment_frequency",)}, {}),
    ("undisputed", {}, {"restricted_cells": frozenset({KEY})}),
    ("jurisdiction_known", {"jurisdictions": None}, {}),
    ("signed_for_team", {}, {"sign_offs": sign_offs(works_council=None)}),
]


@pytest.mark.parametrize(("predicate", "changes", "circumstances"), CELL_VIOLATIONS)
def test_each_predicate_of_a_value_violated_alone_withholds_that_value_with_its_flag(
    predicate: str, changes: dict[str, Any], circumstances: dict[str, Any]
) -> None:
    around = replace(CIRCUMSTANCES, **circumstances)
    _, by_cell = decided(METRIC, around, (cell(**changes),))
    dependent = {"signed_for_team"} if predicate == "jurisdiction_known" else set()
    assert set(failing(by_cell[0])) - dependent == {predicate}
    flags = {one.__name__: flag for one, flag in FLAGS.items()}
    assert flags[predicate] in by_cell[0].flags


def test_one_value_that_stays_back_leaves_the_others_and_the_metric_open() -> None:
    decision, by_cell = decided(cells=(cell(n=3), SEARCH))
    assert decision.is_open
    assert [one.is_open for one in by_cell] == [False, True]
    assert decision.cells is not None
    assert (decision.cells.shown, decision.cells.withheld) == (1, 1)
    assert decision.cells.withheld_for == {"below_minimum_n": 1}
    assert decision.cells.smallest_n == 40


def test_the_works_council_of_one_jurisdiction_is_asked_for_its_teams_only() -> None:
    around = replace(CIRCUMSTANCES, sign_offs=sign_offs(works_council=None))
    _, (payments, search) = decided(METRIC, around)
    assert payments.flags == ("not_signed_for_team",)
    assert search.is_open
    _, (both,) = decided(METRIC, around, (replace(SEARCH, jurisdictions=frozenset({"us", "de"})),))
    assert "missing works_council in de" in both.predicates[-1].observed


def test_a_sign_off_for_one_team_covers_that_team() -> None:
    scoped = sign_offs(finance=recorded(signed("finance", scope="team:payments")))
    decision, (payments, search) = decided(METRIC, replace(CIRCUMSTANCES, sign_offs=scoped))
    assert decision.is_open
    assert payments.is_open
    assert "missing finance in us" in search.predicates[-1].observed


def test_a_person_who_fills_two_roles_for_one_team_is_not_four_eyes_there() -> None:
    pia = registered("people_operations", roles=("people_operations", COUNCIL))
    around = replace(
        CIRCUMSTANCES,
        register=SignerRegister.of([registered("metric_owner"), pia, registered("finance")]),
        sign_offs=sign_offs(works_council=recorded(signed(COUNCIL, signer=PIA))),
    )
    _, (payments, search) = decided(METRIC, around)
    assert "3 different people in 4 roles" in payments.predicates[-1].observed
    assert search.is_open


def test_persons_are_shown_where_every_jurisdiction_of_theirs_lists_the_metric() -> None:
    listing = {name: replace(one, person_metrics=(METRIC_NAME,)) for name, one in BOOK.jurisdictions.items()}
    person = KEY._replace(scope_kind="person", scope_id="somebody")
    metric = replace(METRIC, policy=replace(POLICY, scope_kinds=("team", "person")))
    here = replace(CIRCUMSTANCES, jurisdictions=replace(BOOK, jurisdictions=listing))
    assert failing(decided(metric, here, (cell(key=person),))[1][0]) == []
    only_us = replace(BOOK, jurisdictions={**BOOK.jurisdictions, "us": listing["us"]})
    there = replace(CIRCUMSTANCES, jurisdictions=only_us)
    assert failing(decided(metric, there, (cell(key=person),))[1][0]) == ["grain_allowed"]
    unplaced = cell(key=person, jurisdictions=None)
    assert "grain_allowed" in failing(decided(metric, here, (unplaced,))[1][0])


@pytest.mark.parametrize(
    "changes",
    [
        {"metric": "deployment_frequency"},
        {"definition_hash": "cd" * 32},
        {"valid_until": AT.date()},
        {"valid_from": date(2026, 7, 2)},
        {"signer": Signer("stranger", b"s" * 32)},
        {"signer": OLGA},
    ],
)
def test_a_sign_off_counts_for_its_metric_definition_time_and_role_only(changes: dict[str, Any]) -> None:
    changed = sign_offs(finance=recorded(signed("finance", **changes)))
    decision, _ = decided(METRIC, replace(CIRCUMSTANCES, sign_offs=changed))
    assert "signoff_present: missing finance" in "\n".join(decision.reasons)


def test_a_sign_off_whose_signature_was_taken_from_another_counts_for_nothing() -> None:
    forged = replace(signed("finance"), signature=signed("people_operations").signature)
    decision, _ = decided(METRIC, replace(CIRCUMSTANCES, sign_offs=sign_offs(finance=recorded(forged))))
    assert "missing finance" in "\n".join(decision.reasons)


def test_a_sign_off_dated_back_counts_from_its_leaf_on() -> None:
    """Whoever writes 1 January onto a sign-off in July does not have the half-year before."""
    late = recorded(signed("finance"), recorded_at=AT + HOUR)
    around = replace(CIRCUMSTANCES, sign_offs=sign_offs(finance=late))
    assert "missing finance" in "\n".join(decided(METRIC, around)[0].reasons)
    assert decided(METRIC, replace(around, at=AT + HOUR))[0].is_open
    unrecorded = replace(
        CIRCUMSTANCES, sign_offs=sign_offs(finance=recorded(signed("finance"), recorded_at=None))
    )
    assert not decided(METRIC, unrecorded)[0].is_open


def test_a_revoked_sign_off_counts_until_its_revocation() -> None:
    revoked = recorded(signed("finance"), revoked_at=AT)
    around = replace(CIRCUMSTANCES, sign_offs=sign_offs(finance=revoked))
    assert not decided(METRIC, around)[0].is_open
    earlier = replace(around, at=AT - timedelta(minutes=30))
    assert decided(METRIC, earlier)[0].is_open


@pytest.mark.parametrize("lapsed", ["sign-off", "review"])
def test_a_clock_set_back_revives_nothing(lapsed: str) -> None:
    """What has lapsed is in force again on the day that the clock says, and the log knows of a later day."""
    if lapsed == "review":
        metric, around = replace(METRIC, policy=replace(POLICY, review_by=date(2026, 6, 30))), CIRCUMSTANCES
    else:
        ended = recorded(signed("finance", valid_until=AT.date()))
        metric, around = METRIC, replace(CIRCUMSTANCES, sign_offs=sign_offs(finance=ended))
    assert not decided(metric, around)[0].is_open
    set_back = replace(around, at=AT - timedelta(days=2))
    assert failing(decided(metric, set_back)[0]) == ["clock_not_set_back"]


def test_one_person_in_two_roles_is_not_four_eyes_however_the_name_is_written() -> None:
    again = registered("finance", person="  PIA ")
    decision, _ = decided(METRIC, replace(CIRCUMSTANCES, register=register(finance=again)))
    assert set(failing(decision)) == {"four_eyes", "some_value_open"}
    assert "four_eyes: 2 of 3 roles filled by different people" in "\n".join(decision.reasons)


def test_a_role_that_two_people_signed_frees_the_one_who_is_needed_elsewhere() -> None:
    both = registered("people_operations", roles=("people_operations", "finance"))
    spare = registered("finance", person="Fay", public_key=Signer("Fay", b"f" * 32).public_key)
    around = replace(
        CIRCUMSTANCES,
        register=SignerRegister.of([registered("metric_owner"), both, registered(COUNCIL), spare]),
        sign_offs=(
            *sign_offs(finance=recorded(signed("finance", signer=PIA))),
            recorded(signed("finance", signer=Signer("Fay", b"f" * 32))),
        ),
    )
    assert decided(METRIC, around)[0].is_open


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"checks": (object(),)}, "check_results_pass: could not be answered: AttributeError"),
        ({"purpose": "team_bonus"}, "purpose_allowed: could not be answered: AttributeError"),
        ({"clock_floors": ("yesterday",)}, "clock_not_set_back: could not be answered: AttributeError"),
        ({"sign_offs": ("signed",)}, "signoff_present: could not be answered: AttributeError"),
    ],
)
def test_a_predicate_that_breaks_closes_the_gate_and_says_how(changes: dict[str, Any], named: str) -> None:
    decision = decide(METRIC, replace(CIRCUMSTANCES, **changes))
    assert named in "\n".join(decision.reasons)


def test_an_answer_that_is_not_plainly_yes_is_no(monkeypatch: pytest.MonkeyPatch) -> None:
    def witness_cosigned(*_: object) -> Any:
        return "yes", "seen", "wanted", "none"

    only = {"incentive": (witness_cosigned,)}
    monkeypatch.setattr("governance.gate.PREDICATES", only)
    decision = decide(METRIC, CIRCUMSTANCES)
    assert not decision.is_open
    assert "the answer is a str" in decision.reasons[0]


def test_a_tier_that_nobody_knows_is_closed() -> None:
    unknown = replace(METRIC, policy=replace(METRIC.policy, tier="gold"))
    assert "tier_known: gold" in "\n".join(decide(unknown, CIRCUMSTANCES).reasons)


@pytest.mark.parametrize(("tier", "asked"), [("exploratory", 2), ("operational", 3)])
def test_other_tiers_need_no_signature(tier: str, asked: int) -> None:
    plain = replace(METRIC, policy=MetricPolicy(tier, 20, ("service", "team", "organisation"), (), None))
    decision = decide(plain, replace(CIRCUMSTANCES, sign_offs=(), cosigned_by=()))
    assert decision.is_open
    assert len(decision.predicates) == asked


def test_a_role_that_a_policy_asks_for_is_asked_for_in_every_tier() -> None:
    policy = MetricPolicy("certified", 20, ("team",), ("finance",), date(2026, 12, 31))
    metric = replace(METRIC, policy=policy)
    assert decide(metric, CIRCUMSTANCES).is_open
    assert failing(decide(metric, replace(CIRCUMSTANCES, sign_offs=()))) == ["signoff_present"]


def test_a_certified_metric_whose_review_is_overdue_is_closed() -> None:
    late = MetricPolicy("certified", 20, ("team",), (), date(2026, 6, 30))
    decision = decide(replace(METRIC, policy=late), CIRCUMSTANCES)
    assert failing(decision) == ["review_not_overdue"]
    assert "review due 2026-06-30" in "\n".join(decision.reasons)


def test_a_decision_is_a_leaf_with_every_predicate_and_value_and_commits_to_every_cell() -> None:
    decision, by_cell = decided(cells=(cell(n=3), SEARCH))
    leaf = json.loads(decision.leaf())
    assert leaf["kind"] == "gate_decision"
    assert (leaf["is_open"], leaf["stage"], leaf["purpose"]) == (True, "publication", "team_bonus")
    assert leaf["decided_at"] == "2026-07-01T03:00:00+00:00"
    assert [one["name"] for one in leaf["predicates"]] == [one.name for one in decision.predicates]
    assert all(set(one) == {"name", "is_passed", "observed", "expected"} for one in leaf["predicates"])
    assert leaf["cells"]["sha256"] == commitment(by_cell) == commitment(tuple(reversed(by_cell)))
    other: tuple[CellDecision, ...] = (replace(by_cell[0], predicates=by_cell[0].predicates[1:]), by_cell[1])
    assert summarise_cells(METRIC.cells, other).sha256 != leaf["cells"]["sha256"]


def test_a_leaf_names_keys_and_no_people() -> None:
    by_stranger = signed_by("finance", EVE, teams=("payments",))
    leaf = decided(METRIC, replace(CIRCUMSTANCES, **by_stranger))[0].leaf().decode()
    assert "who is measured in payments" in leaf
    assert not [name for name in ("Eve", "Pia", "Olga", "Finn", "Wanda", "Ada") if name in leaf]


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
        decided()[0],
        decide(replace(METRIC, definition_hash=None), CIRCUMSTANCES),
    ]
    with log.transaction() as transaction:
        assert record_decisions(transaction, decisions) == [0, 1]
    assert [json.loads(leaf)["is_open"] for leaf in log.leaves] == [True, False]
    assert closed(decisions) == (decisions[1],)


def test_a_decision_that_differs_in_its_time_only_says_the_same() -> None:
    first, _ = decided()
    later, _ = decided(METRIC, replace(CIRCUMSTANCES, at=AT + HOUR))
    assert later.says_the_same_as(first.to_document())
    other, _ = decided(METRIC, replace(CIRCUMSTANCES, cosigned_by=()))
    assert not other.says_the_same_as(first.to_document())


def test_a_purpose_may_name_its_metrics() -> None:
    named = Purpose("team_bonus", "", "people", ("incentive",), (METRIC_NAME,), ())
    assert decided(METRIC, replace(CIRCUMSTANCES, purpose=named))[0].is_open


def test_ten_thousand_values_are_decided_in_seconds() -> None:
    cells = tuple(
        cell(key=CellKey(METRIC_NAME, "team", "payments", "day", date(2000, 1, 1) + timedelta(days=number)))
        for number in range(10_000)
    )
    decision, by_cell = decided(cells=cells)
    assert decision.is_open
    assert len(by_cell) == len(cells)
    assert CELLS[0].key not in {one.key for one in by_cell}
    assert POLICY.required_roles == ROLES
