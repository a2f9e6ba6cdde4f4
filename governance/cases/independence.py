"""Independence: who cannot review a dispute, and why not. What is not known is not independent."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from governance.cases.rules import Reviewer
from governance.names import plain_name
from governance.sign_offs import SignOff
from governance.signers import SignerRegister

OWNER_ROLE = "metric_owner"


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who would act in a dispute for the organisation.

    Attributes:
        person: As in the register of signers.
        roles: The roles that the register gives the person, by any key.
        known: The entry in `disputes.yml`; None where there is none.
        tokens: Keyed tokens of all accounts of the person, from the entry's accounts.
    """

    person: str
    roles: tuple[str, ...]
    known: Reviewer | None
    tokens: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Matter:
    """What a reviewer must be independent of.

    Attributes:
        metric: The disputed metric.
        owners: Who owns it: people or teams.
        signers: People who signed its definition off, at any time.
        complainant_tokens: Keyed tokens of whoever opened the dispute.
        complainant_name: The name under which it was opened.
        teams: Teams of the complainant, and the team of the cell, with those above.
        earlier_handlers: People who handled this dispute before it was escalated, or the one it follows.
    """

    metric: str
    owners: frozenset[str]
    signers: frozenset[str]
    complainant_tokens: frozenset[str]
    complainant_name: str
    teams: frozenset[str]
    earlier_handlers: frozenset[str] = frozenset()


def objections(candidate: Candidate, matter: Matter) -> tuple[str, ...]:
    """Return why somebody may not review; nothing where they may. No objection names the complainant."""
    if candidate.known is None:
        return ("governance/disputes.yml does not say who the person is in the sources, so nobody can tell",)
    found: Mapping[str, bool] = {
        f"owns {matter.metric}": _owns(candidate, candidate.known, matter),
        f"signed the definition of {matter.metric} off": _is_among(candidate, matter.signers),
        "has a part in the dispute": _is_complainant(candidate, matter),
        "leads a team that the dispute is about": bool(set(candidate.known.leads) & matter.teams),
        "handled the dispute before": _is_among(candidate, matter.earlier_handlers),
    }
    return tuple(reason for reason, holds in found.items() if holds)


def signers_of(metric: str, sign_offs: Iterable[SignOff], register: SignerRegister) -> frozenset[str]:
    """Return who has ever signed a metric's definition off, expired sign-offs too."""
    entries = (register.find(one.signature.key_id) for one in sign_offs if one.metric == metric)
    return frozenset(entry.person for entry in entries if entry is not None)


def _is_among(candidate: Candidate, people: Iterable[str]) -> bool:
    return plain_name(candidate.person) in {plain_name(one) for one in people}


def _owns(candidate: Candidate, known: Reviewer, matter: Matter) -> bool:
    owners = {plain_name(owner) for owner in matter.owners}
    mine = {plain_name(one) for one in (candidate.person, *known.belongs_to)}
    return bool(owners & mine) or OWNER_ROLE in candidate.roles


def _is_complainant(candidate: Candidate, matter: Matter) -> bool:
    is_same_name = plain_name(candidate.person) == plain_name(matter.complainant_name)
    return is_same_name or bool(candidate.tokens & matter.complainant_tokens)
