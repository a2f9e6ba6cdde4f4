"""Who has signed a definition, in which role, for whom, and whether the signer may.

**Whose signature counts.** It must be over this very definition, made with a registered key whose holder has
the role, recorded in the governance log, not revoked, and in force on the day.

**Nobody signs an own metric.** `metric_owner` is the role of those who answer for the metric: only they can
give it. Every other role is independent, and cannot be given by

- an owner: the person, or a member of the team, that the policy or the definition names as owner;
- an author: the person, or a member of the team, that wrote the definition;
- somebody who is measured: a member of a team that the metric has values for, or of a team below one;
- somebody of whom the register does not say to which teams they belong.

**Four eyes.** Roles are filled by different people: one person may hold several, and fills one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from governance.circumstances import Circumstances, MetricUnderReview
from governance.errors import SignerError
from governance.names import plain_name
from governance.policies import OWNER_ROLE
from governance.sign_offs import SignOff
from governance.signers import RegisteredSigner


@dataclass(frozen=True, slots=True)
class ValidSignature:
    """A sign-off in force that its signer was entitled to by role; `conflict` says why it does not count."""

    sign_off: SignOff
    signer: RegisteredSigner
    conflict: str | None

    @property
    def role(self) -> str:
        """The role that signed."""
        return self.sign_off.role


def valid_signatures(metric: MetricUnderReview, circumstances: Circumstances) -> tuple[ValidSignature, ...]:
    """Return every sign-off of this definition that is in force, with what stands against its signer."""
    found = []
    for recorded in circumstances.sign_offs:
        one = recorded.sign_off
        is_about_this = one.metric == metric.metric and one.definition_hash == metric.definition_hash
        if not is_about_this or not recorded.is_in_force(circumstances.at):
            continue
        try:
            signer = circumstances.register.verified(one.statement(), one.signature)
        except SignerError:
            continue  # a signature that does not verify counts for nothing
        if one.role in signer.roles:
            found.append(ValidSignature(one, signer, conflict_of(signer, one.role, metric)))
    return tuple(found)


def conflict_of(signer: RegisteredSigner, role: str, metric: MetricUnderReview) -> str | None:
    """Say why a person cannot give this role for this metric; None where nothing stands against it."""
    is_owner = _is_among(signer, metric.policy.owners or (metric.owner,))
    if role == OWNER_ROLE:
        return None if is_owner else "is none of the metric's owners"
    if signer.teams is None:
        return "has no teams in the register, so that nobody knows whether they are measured"
    if is_owner:
        return "owns the metric"
    if _is_among(signer, metric.policy.authors):
        return "wrote the definition"
    if metric.cells.teams is None:
        return "may be measured: nobody knows whose values there are"
    mine = {plain_name(team) for team in signer.teams}
    measured = sorted(team for team in metric.cells.teams if plain_name(team) in mine)
    return f"is measured in {', '.join(measured)}" if measured else None


def roles_for(
    metric: MetricUnderReview, circumstances: Circumstances, jurisdictions: Iterable[str]
) -> tuple[tuple[str, str], ...]:
    """Return (role, jurisdiction) of all that must be signed for a value that lies in jurisdictions."""
    return tuple(
        (role, jurisdiction)
        for jurisdiction in sorted(jurisdictions)
        for role in dict.fromkeys(
            (
                *metric.policy.required_roles,
                *circumstances.jurisdictions.required_roles(jurisdiction),
            )
        )
    )


def missing_roles(
    signatures: Sequence[ValidSignature],
    wanted: Iterable[tuple[str, str]],
    *,
    team: str | None,
) -> tuple[str, ...]:
    """Return `role in jurisdiction` that nobody independent has signed for a team's values."""
    return tuple(
        f"{role} in {jurisdiction}"
        for role, jurisdiction in wanted
        if not any(
            one.role == role
            and one.conflict is None
            and one.sign_off.covers(team=team, jurisdiction=jurisdiction)
            for one in signatures
        )
    )


def people_by_role(signatures: Iterable[ValidSignature]) -> dict[str, set[str]]:
    """Return who stands behind each role."""
    found: dict[str, set[str]] = {}
    for one in signatures:
        found.setdefault(one.role, set()).add(one.signer.identity)
    return found


def filled_by_different_people(roles: Iterable[str], people: Mapping[str, set[str]]) -> int:
    """Return how many of the roles can be filled by different people at the same time.

    A maximum matching by augmenting paths (Kuhn): a person who could fill two roles fills one, and another
    person takes the other if there is one.
    """
    holder: dict[str, str] = {}

    def fill(role: str, tried: set[str]) -> bool:
        for person in sorted(people.get(role, set()) - tried):
            tried.add(person)
            if person not in holder or fill(holder[person], tried):
                holder[person] = role
                return True
        return False

    return sum(fill(role, set()) for role in roles)


def _is_among(signer: RegisteredSigner, names: Iterable[str]) -> bool:
    """Whether one of the names is the person or a team of theirs."""
    given = {plain_name(name) for name in names}
    teams = {plain_name(team) for team in signer.teams or ()}
    return signer.identity in given or not teams.isdisjoint(given)
