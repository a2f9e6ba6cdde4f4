"""What the administrator says about identities in the settings, beside which accounts are bots."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

VOUCHING_KINDS = (
    "backstage",
    "datadog",
    "github",
    "gitlab",
    "jira",
    "pagerduty",
    "roster",
    "scim",
)
"""Systems whose accounts carry e-mail addresses that the system, or whoever runs it, answers for.

What an author typed into git is not among them: such an address joins only an account that one of these
holds it for.
"""
ALWAYS = datetime(1, 1, 1, tzinfo=UTC)
FOR_EVER = datetime(9999, 12, 31, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class MappedPerson:
    """A person of the settings: a name of the administrator's choice, and the accounts, for a time.

    Attributes:
        name: The person's key; its token stays the same whatever accounts join.
        accounts: Account keys (`github:7`), or a kind with the login or address (`github:ada`).
        valid_from: When it begins to hold.
        valid_until: When it ceases to hold, exclusive.
    """

    name: str
    accounts: tuple[str, ...]
    valid_from: datetime = ALWAYS
    valid_until: datetime = FOR_EVER

    @property
    def is_dated(self) -> bool:
        """Whether it holds for a part of all time."""
        return (self.valid_from, self.valid_until) != (ALWAYS, FOR_EVER)


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityRules:
    """How accounts resolve to people.

    Attributes:
        people: Mappings that stand in the settings.
        shared_mailboxes: Addresses of more than one person: `office@acme.example`, `*@lists.acme.example`.
        email_from: Kinds whose e-mail addresses count as verified.
        noreply_hosts: By host of no-reply addresses: the kind whose accounts stand in them.
        codeowners_of: Kinds that the logins in CODEOWNERS files are accounts of.
    """

    people: tuple[MappedPerson, ...] = ()
    shared_mailboxes: tuple[str, ...] = ()
    email_from: tuple[str, ...] = VOUCHING_KINDS
    noreply_hosts: Mapping[str, str] = field(
        default_factory=lambda: {
            "users.noreply.github.com": "github",
            "users.noreply.gitlab.com": "gitlab",
        }
    )
    codeowners_of: tuple[str, ...] = ("github",)

    def to_document(self) -> dict[str, Any]:
        """Return everything that decides about a person, in an order of its own."""
        return {
            "people": sorted(
                [one.name, sorted(one.accounts), one.valid_from.isoformat(), one.valid_until.isoformat()]
                for one in self.people
            ),
            "shared_mailboxes": sorted(self.shared_mailboxes),
            "email_from": sorted(self.email_from),
            "noreply_hosts": dict(self.noreply_hosts),
            "codeowners_of": sorted(self.codeowners_of),
        }
