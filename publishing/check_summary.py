"""The checks of a build in brief: how many ran at each hand-over, and what is red with what mends it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from publishing.context import CheckResult

HAND_OVERS = {
    "extraction": "source → evidence",
    "landing": "evidence → second parser",
    "staging": "source ↔ staging, evidence → staging",
    "facts": "staging → facts",
    "marts": "facts → marts",
    "expectations": "own history and bounds",
    "publication": "marts → publication",
}
OFFENDERS_NAMED = 5
_COMMANDS_NAMED = 3


@dataclass(frozen=True, slots=True)
class HandOver:
    """How the checks of one layer came out."""

    layer: str
    title: str
    ran: int
    held: int
    warned: int
    blocked: int


@dataclass(frozen=True, slots=True)
class RedCheck:
    """A check that did not hold: what it says, the first items that break it, and what mends it."""

    name: str
    subject: str
    layer: str
    severity: str
    message: str
    offenders: tuple[str, ...]
    offender_count: int
    remedy: str
    commands: tuple[str, ...]

    @property
    def title(self) -> str:
        """The name as people read it."""
        return self.name.replace("_", " ")

    @property
    def unnamed_count(self) -> int:
        """How many items break it that are not named."""
        return max(0, self.offender_count - len(self.offenders))


@dataclass(frozen=True, slots=True)
class CheckSummary:
    """The checks of one build; the red ones with those that block first."""

    hand_overs: tuple[HandOver, ...]
    red: tuple[RedCheck, ...]

    @property
    def ran(self) -> int:
        """How many checks ran."""
        return sum(each.ran for each in self.hand_overs)

    @property
    def held(self) -> int:
        """How many of them held."""
        return sum(each.held for each in self.hand_overs)

    @property
    def warned(self) -> int:
        """How many are red and do not stop a publication."""
        return sum(each.warned for each in self.hand_overs)

    @property
    def blocked(self) -> int:
        """How many are red and do."""
        return sum(each.blocked for each in self.hand_overs)

    def to_document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "ran": self.ran,
            "held": self.held,
            "warned": self.warned,
            "blocked": self.blocked,
            "hand_overs": [asdict(each) for each in self.hand_overs],
            "red": [
                asdict(each) | {"offenders": list(each.offenders), "commands": list(each.commands)}
                for each in self.red
            ],
        }


def summarise_checks(checks: Sequence[CheckResult]) -> CheckSummary:
    """Count the results by layer, in the order of the layers, and pick the red ones."""
    order = [*HAND_OVERS, *sorted({check.layer for check in checks} - HAND_OVERS.keys())]
    counted = (_hand_over(layer, [check for check in checks if check.layer == layer]) for layer in order)
    red = sorted((check for check in checks if not check.is_passed), key=lambda check: check.severity)
    return CheckSummary(tuple(each for each in counted if each.ran), tuple(_red(check) for check in red))


def _hand_over(layer: str, checks: Sequence[CheckResult]) -> HandOver:
    red = [check for check in checks if not check.is_passed]
    blocked = sum(check.severity == "blocking" for check in red)
    held = len(checks) - len(red)
    return HandOver(layer, HAND_OVERS.get(layer, layer), len(checks), held, len(red) - blocked, blocked)


def _red(check: CheckResult) -> RedCheck:
    commands = tuple(dict.fromkeys(repair.command for repair in check.repairs))
    return RedCheck(
        name=check.name,
        subject=check.subject,
        layer=check.layer,
        severity=check.severity,
        message=check.message,
        offenders=tuple(check.offenders[:OFFENDERS_NAMED]),
        offender_count=check.offender_count,
        remedy=check.remedy,
        commands=commands[:_COMMANDS_NAMED],
    )
