"""The wall between the tracks as two checks: ways in that others have found become results here.

Both block publication: a way in is a fault of the project, whatever metric it leads to first (invariant I10).
"""

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from quality_checks.results import OFFENDERS_SHOWN, CheckDeclaration, CheckResult

SUBJECT: Final = "marts.mart_metric_values"
OWNER: Final = "people development"
_PARTICIPATION: Final = "incident_participation"
_RULES: Final = (
    (
        "no_feedback_in_metrics",
        "No way is open by which developmental feedback could come into a metric.",
        "`assay tracks` names each way and what closes it; docs/tracks.md explains the wall.",
    ),
    (
        "no_incident_participation_in_personal_numbers",
        "Taking part in an incident, or reporting one, enters no person's number.",
        "`assay tracks` names the metric; publish it by service, team or organisation only.",
    ),
)


class WayIn(Protocol):
    """What is read of a crossing."""

    @property
    def way(self) -> str:
        """How it would come in."""
        ...

    @property
    def sentence(self) -> str:
        """The crossing in one line."""
        ...


def track_declarations() -> tuple[CheckDeclaration, ...]:
    """Both checks, without a warehouse."""
    return tuple(
        CheckDeclaration(name, SUBJECT, "marts", "blocking", OWNER, sentence) for name, sentence, _ in _RULES
    )


def check_tracks(ways: Mapping[str, Sequence[WayIn]]) -> list[CheckResult]:
    """Return a result for each check; with no metric looked at, both are red: nothing was shown.

    Args:
        ways: The ways into each metric, as `lineage.tracks` finds them.
    """
    by_rule: dict[str, set[str]] = {name: set() for name, _, _ in _RULES}
    for found in ways.values():
        for each in found:
            by_rule[_RULES[each.way == _PARTICIPATION][0]].add(each.sentence)
    return [
        _result(name, sentence, remedy, sorted(by_rule[name]), metrics=len(ways))
        for name, sentence, remedy in _RULES
    ]


def _result(name: str, sentence: str, remedy: str, offenders: Sequence[str], *, metrics: int) -> CheckResult:
    observed = f"{len(offenders)} ways into {metrics} metrics"
    return CheckResult(
        name=name,
        subject=SUBJECT,
        layer="marts",
        severity="blocking",
        is_passed=not offenders and metrics > 0,
        observed=observed,
        expected="0 ways into at least one metric",
        scope="the whole project and the warehouse's catalog",
        offenders=tuple(offenders[:OFFENDERS_SHOWN]),
        offender_count=len(offenders),
        message=f"{sentence} Found: {observed}.",
        remedy=remedy,
        owner=OWNER,
    )
