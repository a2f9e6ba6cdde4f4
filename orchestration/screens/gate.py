"""What the gate says, in words for a terminal."""

from collections.abc import Iterator, Sequence

from governance.circumstances import PredicateResult
from orchestration.gate_review import Explanation, WantedRole, needs_signers


def explanation_lines(found: Explanation) -> Iterator[str]:
    """Yield what the gate says of a metric and of a value: each answer, what to do, and who must sign."""
    decision = found.decision
    state = "would be published" if decision.is_open else "is kept back"
    yield f"{decision.metric} (version {decision.metric_version}, {decision.tier}) {state}."
    yield f"definition {decision.definition_hash}"
    yield from _answers(decision.predicates)
    asked = list(decision.predicates)
    if found.cell is not None:
        key = found.cell.key
        shown = "would be shown" if found.cell.is_open else "stays back"
        yield f"\n{key.scope_kind}:{key.scope_id}, {key.period_grain} of {key.period_start}: {shown}."
        yield from _answers(found.cell.predicates)
        asked += found.cell.predicates
    if needs_signers(asked):
        yield "\nWho must sign:"
        yield from _role_lines(found.roles)


def _answers(results: Sequence[PredicateResult]) -> Iterator[str]:
    for one in results:
        yield f"  {'holds  ' if one.is_passed else 'MISSING'}  {one.name}: {one.observed}"
        if not one.is_passed:
            yield f"           wanted: {one.expected}"
            yield f"           to do:  {one.remedy}"


def _role_lines(roles: Sequence[WantedRole]) -> Iterator[str]:
    for one in roles:
        place = f" in {one.jurisdiction}" if one.jurisdiction else ""
        if one.is_signed:
            yield f"  {one.role}{place}: signed"
            continue
        holders = "; ".join(
            each.person if each.conflict is None else f"{each.person} cannot: {each.conflict}"
            for each in one.holders
        )
        yield f"  {one.role}{place}: {holders or 'nobody in governance/signers.yml holds this role'}"
        yield f"    {one.command}"


def missing_lines(found: Explanation) -> Iterator[str]:
    """Yield only what keeps a metric back, and who must sign."""
    decision = found.decision
    kept = [one for one in decision.predicates if not one.is_passed]
    yield f"{len(decision.predicates) - len(kept)} of {len(decision.predicates)} conditions hold."
    for one in kept:
        yield f"  {one.name}: {one.observed}; wanted {one.expected}"
