"""What the gate asks of each value of an incentive metric, one question per function.

Each has the word that the value is flagged with where it does not hold.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from governance.circumstances import Answer, CellUnderReview, Circumstances, MetricUnderReview
from governance.policies import PERSON
from governance.signatures import (
    ValidSignature,
    filled_by_different_people,
    missing_roles,
    people_by_role,
    roles_for,
)

_PERCENT = Decimal(100)


@dataclass(frozen=True, slots=True)
class CellQuestion:
    """A value together with what all values of its metric share.

    `answers` keeps what is the same for every period of a team.
    """

    cell: CellUnderReview
    metric: MetricUnderReview
    circumstances: Circumstances
    signatures: Sequence[ValidSignature]
    answers: dict[tuple[str | None, frozenset[str] | None], Answer]


CellPredicate = Callable[[CellQuestion], Answer]


def grain_allowed(asked: CellQuestion) -> Answer:
    """It is a team's; a person's where every jurisdiction that it lies in lists the metric for persons."""
    kind, places = asked.cell.key.scope_kind, asked.cell.jurisdictions or frozenset()
    books = asked.circumstances.jurisdictions.jurisdictions
    listed = sorted(name for name in places if asked.metric.metric in books[name].person_metrics)
    is_person_allowed = bool(places) and set(listed) == places
    return (
        kind in asked.metric.policy.scope_kinds and (kind != PERSON or is_person_allowed),
        f"a {kind}'s" + (f", listed by {', '.join(listed) or 'no jurisdiction'}" if kind == PERSON else ""),
        f"one of {', '.join(asked.metric.policy.scope_kinds)}",
        "publish teams only",
    )


def enough_events(asked: CellQuestion) -> Answer:
    """It rests on enough events."""
    n, wanted = asked.cell.n, asked.metric.policy.minimum_n
    return n is not None and n >= wanted, f"n {n}", f"n of at least {wanted}", "publish longer periods"


def enough_people(asked: CellQuestion) -> Answer:
    """Its team has enough people for nobody to be singled out."""
    size, wanted = asked.cell.team_size, asked.metric.policy.minimum_team_size
    return (
        size is not None and size >= wanted,
        "nobody knows how many people" if size is None else f"{size} people",
        f"at least {wanted} people",
        "keep memberships in a roster, or publish the team above",
    )


def period_whole(asked: CellQuestion) -> Answer:
    """The data covers its whole period."""
    return _unflagged(asked, "partial", "a period that is over and covered", "wait for its end")


def period_mature(asked: CellQuestion) -> Answer:
    """No incident can be linked to its period any more."""
    return _unflagged(asked, "maturing", "a period whose link window has passed", "wait for the link window")


def period_read_whole(asked: CellQuestion) -> Answer:
    """Every stream behind it was read for the whole period."""
    return _unflagged(
        asked, "incomplete", "every stream read for the whole period", "`assay status` names the gap"
    )


def causes_known(asked: CellQuestion) -> Answer:
    """Few enough of the incidents behind it are of unknown cause (DEFINITIONS §2.6)."""
    share, most = asked.cell.dispositions_unknown_share, asked.circumstances.dispositions_unknown_percent
    remedy = "`assay incidents review` lists the incidents of unknown cause"
    if asked.metric.reads_dispositions is False:
        return True, "does not hang on causes", "no incident of unknown cause", remedy
    expected = "a limit for unknown causes" if most is None else f"at most {most} % of unknown cause"
    is_few = most is not None and (share is None or share * _PERCENT <= most)
    return (
        is_few and asked.metric.reads_dispositions is True and "dispositions_unknown" not in asked.cell.flags,
        "no incident" if share is None else f"{share * _PERCENT:.1f} %",
        expected,
        remedy,
    )


def both_bounds_beside(asked: CellQuestion) -> Answer:
    """Both bounds of what unknown causes could change have a value beside it."""
    missing = asked.cell.missing_bounds
    return (
        not missing,
        f"no value of {', '.join(missing)}" if missing else "none missing",
        "a value of both bounds",
        "the metrics of both bounds must be published for the team and period",
    )


def counters_beside(asked: CellQuestion) -> Answer:
    """Every counter-metric has a value beside it."""
    missing = asked.cell.missing_counters
    return (
        not missing,
        f"no value of {', '.join(missing)}" if missing else "none missing",
        f"values of {', '.join(asked.metric.policy.counter_metrics) or 'counter-metrics'}",
        "the counter-metrics must be evaluated for the team and period",
    )


def undisputed(asked: CellQuestion) -> Answer:
    """No dispute about it is open."""
    restricted = asked.circumstances.restricted_cells
    return (
        restricted is not None and asked.cell.key not in restricted,
        "nobody looked"
        if restricted is None
        else "an open dispute"
        if asked.cell.key in restricted
        else "no open dispute",
        "no open dispute",
        "the dispute's reviewer decides it",
    )


def jurisdiction_known(asked: CellQuestion) -> Answer:
    """Somebody has said under which law or agreement its team works, all parts of it."""
    places = asked.cell.jurisdictions
    return (
        bool(places),
        ", ".join(sorted(places)) if places else "in no jurisdiction, or a team below it is in none",
        "a jurisdiction for the team and every team below it",
        "governance/jurisdictions.yml lists the team",
    )


def signed_for_team(asked: CellQuestion) -> Answer:
    """Every role that its jurisdictions ask for is signed for it, each by another, independent person."""
    team = asked.cell.key.scope_id if asked.cell.key.scope_kind != PERSON else None
    known = (team, asked.cell.jurisdictions)
    if known not in asked.answers:  # the same for every period
        asked.answers[known] = _signed_for(asked, team)
    return asked.answers[known]


def _signed_for(asked: CellQuestion, team: str | None) -> Answer:
    wanted = roles_for(asked.metric, asked.circumstances, asked.cell.jurisdictions or ())
    missing = missing_roles(asked.signatures, wanted, team=team)
    roles = tuple(dict.fromkeys(role for role, _ in wanted))
    covering = [
        one
        for one in asked.signatures
        if one.conflict is None
        and any(one.sign_off.covers(team=team, jurisdiction=place) for _, place in wanted)
    ]
    filled = filled_by_different_people(roles, people_by_role(covering))
    seen = f"missing {', '.join(missing)}" if missing else f"{filled} different people in {len(roles)} roles"
    return (
        bool(wanted) and not missing and filled == len(roles),
        seen,
        ", ".join(f"{role} in {place}" for role, place in wanted) or "roles of a known jurisdiction",
        "the holders of these roles sign with `assay signoff`",
    )


FLAGS: Mapping[CellPredicate, str] = {
    grain_allowed: "grain_not_allowed",
    enough_events: "below_minimum_n",
    enough_people: "below_team_size",
    period_whole: "partial",
    period_mature: "maturing",
    period_read_whole: "incomplete",
    causes_known: "dispositions_unknown",
    both_bounds_beside: "bound_missing",
    counters_beside: "counter_metric_missing",
    undisputed: "disputed",
    jurisdiction_known: "jurisdiction_unknown",
    signed_for_team: "not_signed_for_team",
}


def _unflagged(asked: CellQuestion, flag: str, expected: str, remedy: str) -> Answer:
    is_flagged = flag in asked.cell.flags
    return not is_flagged, flag if is_flagged else f"not {flag}", expected, remedy
