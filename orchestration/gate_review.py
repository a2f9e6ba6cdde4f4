"""Asking the gate before anything is published: what is open, what is missing, who must act."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from governance.cell_gate import CellDecision
from governance.circumstances import Circumstances, MetricUnderReview, PredicateResult
from governance.gate import Decision
from governance.signatures import conflict_of, roles_for, valid_signatures
from lineage.trace import parse_period, parse_scope
from orchestration.dbt_runner import DbtProject
from orchestration.errors import UsageError
from orchestration.flow.gate_inputs import gate_context, read_log
from orchestration.flow.warehouse import open_warehouse, stage_mark
from orchestration.session import Session, open_session
from orchestration.sources import utc_now
from orchestration.workspace import Workspace
from publishing import PublicationContext
from publishing.analyst import review_warehouse
from publishing.review import Review

_BY_ROLE = frozenset({"signoff_present", "signers_independent", "four_eyes", "signed_for_team"})


@dataclass(frozen=True, slots=True)
class RoleHolder:
    """Somebody who may sign in a role, or why they cannot for this metric."""

    person: str
    conflict: str | None


@dataclass(frozen=True, slots=True)
class WantedRole:
    """A role that must be signed, where, by whom it could be, and with which command."""

    role: str
    jurisdiction: str
    is_signed: bool
    holders: tuple[RoleHolder, ...]
    command: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """What the gate says of a metric, and of one of its values where one was asked about."""

    decision: Decision
    cell: CellDecision | None
    roles: tuple[WantedRole, ...]

    @property
    def is_open(self) -> bool:
        """Whether metric and value would be published now."""
        return self.decision.is_open and (self.cell is None or self.cell.is_open)

    def to_document(self) -> dict[str, Any]:
        """Return the JSON form for scripts."""
        cell = self.cell
        return {
            **self.decision.to_document(),
            "is_open": self.is_open,
            "predicates": [_answer(one) for one in self.decision.predicates],
            "cell": None
            if cell is None
            else {**cell.to_document(), "predicates": [_answer(one) for one in cell.predicates]},
            "roles": [
                {
                    "role": one.role,
                    "jurisdiction": one.jurisdiction,
                    "is_signed": one.is_signed,
                    "holders": [{"person": each.person, "conflict": each.conflict} for each in one.holders],
                    "command": one.command,
                }
                for one in self.roles
            ],
        }


def list_decisions(workspace: Workspace, *, at: datetime | None = None) -> tuple[Decision, ...]:
    """Return what the gate would decide now about every metric.

    Raises:
        UsageError: nothing is built yet.
        GovernanceError: a register is wrong.
    """
    with open_session(workspace, command="assay gate", needs_sources=False) as session:
        context = present_context(session)
        return review_warehouse(workspace.warehouse, context, at=at or utc_now()).decisions


def explain(
    workspace: Workspace,
    metric: str,
    *,
    scope: str | None = None,
    period: str | None = None,
    as_tier: str | None = None,
) -> Explanation:
    """Say what the gate would decide now about a metric, and about one value of it.

    Args:
        workspace: Whose last build and present registers.
        metric: Its name.
        scope: Such as `team:payments`; together with a period.
        period: Such as `2026-05` or `2026-Q2`.
        as_tier: A stricter tier to ask about than the policy's.

    Raises:
        UsageError: nothing is built yet, there is no such metric or value, or scope or period stands alone.
        LineageError: scope or period has the wrong form.
        GovernanceError: a register is wrong.
    """
    if (scope is None) != (period is None):
        raise UsageError("One value has a scope and a period: give both, or neither.")
    at = utc_now()
    with open_session(workspace, command="assay gate", needs_sources=False) as session:
        context = present_context(session)
        if metric not in context.definition_hashes:
            raise UsageError(
                f"There is no metric {metric}; known: {', '.join(sorted(context.definition_hashes))}"
            )
        review = review_warehouse(workspace.warehouse, context, at=at, only=metric, as_tier=as_tier)
    return explained(review, metric, context, cell=_cell(review, metric, scope, period), at=at)


def explained(
    review: Review, metric: str, context: PublicationContext, *, cell: CellDecision | None, at: datetime
) -> Explanation:
    """Put beside a decision who could sign what is missing."""
    reviewed = review.reviewed[metric]
    around = Circumstances(
        at=at,
        register=context.register,
        sign_offs=context.sign_offs,
        jurisdictions=context.jurisdictions,
    )
    (decision,) = review.decisions
    return Explanation(decision, cell, tuple(_wanted_roles(reviewed, around, review.cells.get(metric, ()))))


def present_context(session: Session) -> PublicationContext:
    """Return what the gate would look at now.

    Raises:
        UsageError: there is no complete build.
        GovernanceError: a register is wrong.
    """
    workspace = session.workspace
    if not workspace.warehouse.exists():
        raise UsageError("Nothing is built yet, so there is nothing to decide about. Begin with: assay run")
    with open_warehouse(workspace.warehouse) as con:
        mark = stage_mark(con, "models")
    if mark is None:
        raise UsageError("The last build was cut off. Finish it with: assay run")
    compiled = DbtProject(workspace).compiled_manifest()  # dbt opens the warehouse itself
    reading = read_log(session.ledger)
    with open_warehouse(workspace.warehouse) as con:
        return gate_context(session, con, compiled, reading, log_size=mark.log_size)


def _cell(review: Review, metric: str, scope: str | None, period: str | None) -> CellDecision | None:
    if scope is None or period is None:
        return None
    kind, name = parse_scope(scope)
    parsed = parse_period(period)
    cells = review.cells.get(metric)
    if cells is None:
        raise UsageError(
            f"{metric} does not pay, so its values are not decided one by one; add --as-tier incentive"
        )
    wanted = (kind, name, parsed.grain, parsed.start)
    found = [one for one in cells if tuple(one.key)[1:] == wanted]
    if not found:
        raise UsageError(_no_cell(metric, f"{kind}:{name}", period, cells))
    return found[0]


def _no_cell(metric: str, scope: str, period: str, cells: Sequence[CellDecision]) -> str:
    scopes = sorted({f"{one.key.scope_kind}:{one.key.scope_id}" for one in cells})
    text = f"{metric} has no value for {scope} in {period} that could pay"
    if scope not in scopes:
        return f"{text}; it has some for {', '.join(scopes) or 'nobody'}"
    starts: list[date] = [one.key.period_start for one in cells if f"team:{one.key.scope_id}" == scope]
    return f"{text}; its periods begin from {min(starts)} to {max(starts)}" if starts else text


def _wanted_roles(
    metric: MetricUnderReview, around: Circumstances, cells: Sequence[CellDecision]
) -> list[WantedRole]:
    if not cells and not metric.policy.required_roles:
        return []
    signatures = valid_signatures(metric, around)
    places = sorted(around.jurisdictions.jurisdictions) or [""]
    wanted = (
        roles_for(metric, around, places)
        if places != [""]
        else tuple((role, "") for role in metric.policy.required_roles)
    )
    return [
        WantedRole(
            role,
            place,
            is_signed=any(
                one.role == role
                and one.conflict is None
                and (not place or one.sign_off.covers(team=None, jurisdiction=place))
                for one in signatures
            ),
            holders=tuple(
                RoleHolder(holder.person, conflict_of(holder, role, metric))
                for holder in around.register.holders(role)
            ),
            command=_command(metric.metric, role, place, metric),
        )
        for role, place in wanted
    ]


def _command(metric: str, role: str, place: str, reviewed: MetricUnderReview) -> str:
    scope = "" if role in reviewed.policy.required_roles or not place else f" --scope jurisdiction:{place}"
    return f"assay signoff {metric} --role {role} --as PERSON --key FILE{scope}"


def _answer(result: PredicateResult) -> dict[str, object]:
    return {
        "name": result.name,
        "is_passed": result.is_passed,
        "observed": result.observed,
        "expected": result.expected,
        "remedy": result.remedy,
    }


def needs_signers(results: Sequence[PredicateResult]) -> bool:
    """Whether something is missing that only people who sign can give."""
    return any(one.name in _BY_ROLE and not one.is_passed for one in results)
