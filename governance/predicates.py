"""What the gate asks of a metric, one question per function.

A predicate looks at the metric and at the circumstances, and answers with what it saw and what it wanted. It
never guesses: what is not known is not passed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from governance.errors import SignerError
from governance.policies import MetricPolicy
from governance.sign_offs import EVERY_SCOPE, SignOff
from governance.signers import SignerRegister


class CheckOutcome(Protocol):
    """What the gate reads of a quality check's result."""

    @property
    def name(self) -> str:
        """The check."""
        ...

    @property
    def subject(self) -> str:
        """What was checked."""
        ...

    @property
    def severity(self) -> str:
        """`blocking` or `warning`."""
        ...

    @property
    def is_passed(self) -> bool:
        """Whether it held."""
        ...


@dataclass(frozen=True, slots=True)
class CellSummary:
    """What a publication would show of one metric, after small cells were withheld.

    `smallest_n` is the least n behind any shown value; None when nothing is shown.
    """

    shown: int
    withheld: int
    scope_kinds: tuple[str, ...]
    smallest_n: int | None


@dataclass(frozen=True, slots=True)
class MetricUnderReview:
    """One metric that asks to be published."""

    metric: str
    metric_version: int
    owner: str
    definition_hash: str | None
    policy: MetricPolicy
    cells: CellSummary


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Everything else that the gate looks at. The day is an argument: no clock decides here."""

    day: date
    checks: tuple[CheckOutcome, ...] = ()
    register: SignerRegister = field(default_factory=SignerRegister)
    sign_offs: tuple[SignOff, ...] = ()
    witnesses: tuple[str, ...] = ()
    cosigned_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PredicateResult:
    """One answer: what was seen, what was wanted, and who must act when they differ."""

    name: str
    is_passed: bool
    observed: str
    expected: str
    remedy: str


Answer = tuple[bool, str, str, str]
Predicate = Callable[[MetricUnderReview, Circumstances], Answer]


def definition_hash_known(metric: MetricUnderReview, _: Circumstances) -> Answer:
    """The definition that made the numbers can be named."""
    return (
        bool(metric.definition_hash),
        metric.definition_hash or "none",
        "the hash of the metric's canonical upstream",
        "build again, so that the compiled models are at hand",
    )


def check_results_pass(_: MetricUnderReview, circumstances: Circumstances) -> Answer:
    """Checks ran, and no blocking one is red."""
    blocking = [check for check in circumstances.checks if check.severity == "blocking"]
    failed = sorted(f"{check.name}({check.subject})" for check in blocking if not check.is_passed)
    observed = (
        f"{len(failed)} of {len(blocking)} red: {', '.join(failed[:5])}"
        if failed
        else f"{len(blocking)} green"
    )
    return (
        bool(blocking) and not failed,
        observed if blocking else "no blocking check ran",
        "at least one blocking check, all green",
        "`assay status` shows the checks and their remedies",
    )


def minimum_n(metric: MetricUnderReview, _: Circumstances) -> Answer:
    """No value is shown that rests on fewer events than the metric demands."""
    smallest = metric.cells.smallest_n
    return (
        smallest is None or smallest >= metric.policy.minimum_n,
        "nothing shown"
        if smallest is None
        else f"smallest n {smallest}, {metric.cells.withheld} cells withheld",
        f"n of at least {metric.policy.minimum_n} behind every value",
        "withhold small cells, or publish longer periods",
    )


def review_not_overdue(metric: MetricUnderReview, circumstances: Circumstances) -> Answer:
    """The day by which somebody must look at the metric again lies ahead; incentive metrics must name one."""
    review_by, day = metric.policy.review_by, circumstances.day
    if review_by is None:
        is_passed, observed = metric.policy.tier != "incentive", "no review date"
    else:
        is_passed, observed = day <= review_by, f"review due {review_by.isoformat()}"
    return (
        is_passed,
        observed,
        f"no review that was due before {day.isoformat()}; for incentives a date",
        f"{metric.owner} reviews the metric and sets review_by in governance/policies.yml",
    )


def scope_kinds_allowed(metric: MetricUnderReview, _: Circumstances) -> Answer:
    """Values are shown only for the kinds of scope that the policy lists; for incentives that is the team."""
    allowed = metric.policy.scope_kinds
    beyond = sorted(set(metric.cells.scope_kinds) - set(allowed))
    return (
        not beyond,
        f"also shown for {', '.join(beyond)}" if beyond else "none beyond",
        f"only {', '.join(allowed)}",
        "withhold the other scopes from the publication",
    )


def signoff_present(metric: MetricUnderReview, circumstances: Circumstances) -> Answer:
    """Every required role signed this very definition, for every scope, and the signature is in force."""
    signed = _roles_signed(metric, circumstances)
    missing = [role for role in metric.policy.required_roles if role not in signed]
    return (
        bool(metric.policy.required_roles) and bool(metric.definition_hash) and not missing,
        f"missing {', '.join(missing)}" if missing else f"signed by {', '.join(sorted(signed)) or 'nobody'}",
        f"signed by {', '.join(metric.policy.required_roles) or 'at least one required role'}",
        f"the holders of these roles sign definition {metric.definition_hash} with `assay signoff`",
    )


def four_eyes(metric: MetricUnderReview, circumstances: Circumstances) -> Answer:
    """At least two people stand behind the sign-offs, and no one signs two required roles."""
    signed = _roles_signed(metric, circumstances)
    people = set().union(*signed.values()) if signed else set()
    needed = max(2, len(metric.policy.required_roles))
    return (
        len(people) >= needed,
        f"{len(people)} different people",
        f"at least {needed} different people",
        "each role is signed by another person",
    )


def witness_cosigned(_: MetricUnderReview, circumstances: Circumstances) -> Answer:
    """A configured witness outside the team that runs Assay cosigned the checkpoint."""
    cosigned = sorted(set(circumstances.witnesses) & set(circumstances.cosigned_by))
    return (
        bool(cosigned),
        f"cosigned by {', '.join(cosigned)}" if cosigned else "no configured witness cosigned",
        f"a cosignature of {' or '.join(circumstances.witnesses) or 'a configured witness'}",
        "name a witness in governance/policies.yml and have it cosign the checkpoint",
    )


def _roles_signed(metric: MetricUnderReview, circumstances: Circumstances) -> Mapping[str, set[str]]:
    """Roles with a valid sign-off, and the people who gave it."""
    signed: dict[str, set[str]] = {}
    for sign_off in circumstances.sign_offs:
        is_about_this = (
            sign_off.metric == metric.metric
            and sign_off.definition_hash == metric.definition_hash
            and sign_off.scope == EVERY_SCOPE
            and sign_off.is_in_force(circumstances.day)
        )
        if not is_about_this:
            continue
        try:
            signer = circumstances.register.verified(sign_off.statement(), sign_off.signature)
        except SignerError:
            continue  # a signature that does not verify counts for nothing
        if sign_off.role in signer.roles:
            signed.setdefault(sign_off.role, set()).add(signer.person)
    return signed
