"""`governance/disputes.yml`: who may review disputes, and how long each step may take.

deadlines: {triage_days: 5, evidence_days: 10, decision_days: 30, escalation_days: 30}
reviewer_role: dispute_reviewer          # as in governance/signers.yml
escalation_role: dispute_escalation
records_role: redaction                  # who may purge closed cases
reviewers:
  - person: Rosa Palmer                  # as in governance/signers.yml
    accounts: [github:rosa]              # who that is in the sources; [] for somebody from outside
    belongs_to: [people-operations]      # owners of metrics that the person works for
    leads: [payments]                    # teams whose people report to the person
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from governance.errors import PolicyError
from governance.names import plain_name
from governance.yaml_documents import Document, read_document

DISPUTES_FILE: Final = "disputes.yml"
_KEYS: Final = ("deadlines", "reviewer_role", "escalation_role", "records_role", "reviewers")
_REVIEWER_KEYS: Final = ("person", "accounts", "belongs_to", "leads")
_LONGEST_DAYS: Final = 366


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Days, of 24 hours each, within which the next step of a dispute is due.

    Attributes:
        triage_days: From opened to triaged.
        evidence_days: From triaged to evidence sent.
        decision_days: From the first evidence sent to the decision.
        escalation_days: From the escalation to the decision.
    """

    triage_days: int = 5
    evidence_days: int = 10
    decision_days: int = 30
    escalation_days: int = 30

    def days_in(self, state: str) -> int:
        """Return how long a dispute may stay in an open state."""
        return {
            "opened": self.triage_days,
            "triaged": self.evidence_days,
            "evidence_sent": self.decision_days,
        }[state]


@dataclass(frozen=True, slots=True)
class Reviewer:
    """What must be known of somebody who reviews, so that independence can be told."""

    person: str
    accounts: tuple[str, ...] = ()
    belongs_to: tuple[str, ...] = ()
    leads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DisputeRules:
    """The file's content."""

    deadlines: Deadlines = field(default_factory=Deadlines)
    reviewer_role: str = "dispute_reviewer"
    escalation_role: str = "dispute_escalation"
    records_role: str = "redaction"
    reviewers: tuple[Reviewer, ...] = ()

    def reviewer(self, person: str) -> Reviewer | None:
        """Return what is known of a person, or None."""
        return next((one for one in self.reviewers if plain_name(one.person) == plain_name(person)), None)

    @classmethod
    def load(cls, path: Path) -> "DisputeRules":
        """Read the file; one that is not there leaves the defaults, and nobody who could review.

        Raises:
            PolicyError: unknown key or wrong type; file and line are named.
        """
        if not path.exists():
            return cls()
        document = read_document(path)
        _refuse_unknown(document, (), document.value, _KEYS)
        roles = {
            key: _text(document, key) for key in _KEYS if key.endswith("_role") and key in document.value
        }
        return cls(deadlines=_deadlines(document), reviewers=_reviewers(document), **roles)


def _deadlines(document: Document) -> Deadlines:
    given = document.value.get("deadlines") or {}
    if not isinstance(given, dict):
        raise PolicyError(f"{document.place('deadlines')}: deadlines is a mapping of days")
    _refuse_unknown(document, ("deadlines",), given, tuple(each.name for each in fields(Deadlines)))
    for key, days in given.items():
        if not isinstance(days, int) or isinstance(days, bool) or not 1 <= days <= _LONGEST_DAYS:
            raise PolicyError(
                f"{document.place('deadlines', key)}: {key} is a whole number of days from 1 to "
                f"{_LONGEST_DAYS}, not {days!r}"
            )
    return Deadlines(**given)


def _reviewers(document: Document) -> tuple[Reviewer, ...]:
    given = document.value.get("reviewers") or []
    if not isinstance(given, list):
        raise PolicyError(f"{document.place('reviewers')}: reviewers is a list of people")
    found = []
    for position, entry in enumerate(given):
        place = document.place("reviewers", str(position))
        if not isinstance(entry, dict) or not isinstance(entry.get("person"), str) or "accounts" not in entry:
            raise PolicyError(
                f"{place}: a reviewer needs person (as in signers.yml) and accounts; write `accounts: []` "
                "for somebody whom no source knows"
            )
        _refuse_unknown(document, ("reviewers", str(position)), entry, _REVIEWER_KEYS)
        lists = {key: _texts(place, key, entry[key]) for key in _REVIEWER_KEYS[1:] if key in entry}
        found.append(Reviewer(entry["person"], **lists))
    names = [plain_name(one.person) for one in found]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise PolicyError(f"{document.place('reviewers')}: {doubled[0]} stands there twice")
    return tuple(found)


def _text(document: Document, key: str) -> str:
    value = document.value[key]
    if not isinstance(value, str) or not value.strip():
        raise PolicyError(f"{document.place(key)}: {key} is the name of a role, not {value!r}")
    return value


def _texts(place: str, key: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise PolicyError(f"{place}: {key} is a list of names, not {value!r}")
    return tuple(value)


def _refuse_unknown(
    document: Document, place: tuple[str, ...], value: Mapping[str, Any], known: tuple[str, ...]
) -> None:
    for key in value:
        if key not in known:
            near = difflib.get_close_matches(str(key), known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}"
            raise PolicyError(f"{document.place(*place, str(key))}: unknown key {key!r}; {hint}")
