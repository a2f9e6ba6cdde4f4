"""What is known and said of accounts: claims that rules find, statements that people make."""

from dataclasses import dataclass
from datetime import datetime

from governance.identity.rules import ALWAYS, FOR_EVER

PERSON_OF_SETTINGS = "person:"
"""What the key of a person of the settings begins with; no kind of source is called so."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What a rule knows: these accounts say the same of themselves.

    Attributes:
        level: Strength of the rule, 1 before 2.
        rule: Name of the rule.
        text: What they say; it stays in the vault.
        accounts: Keys of the accounts.
    """

    level: int
    rule: str
    text: str
    accounts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """What a person said, as account keys.

    Attributes:
        is_merge: Whether the accounts are the person's; if not, they are not.
        person: Key of an account of the person, or `person:<name>` of the settings.
        accounts: The accounts that it is about.
        valid_from: From when on it holds.
        valid_until: Up to when, exclusive.
        source: Where it stands: `settings`, or the number of the decision.
    """

    is_merge: bool
    person: str
    accounts: tuple[str, ...]
    valid_from: datetime = ALWAYS
    valid_until: datetime = FOR_EVER
    source: str = "settings"

    @property
    def members(self) -> tuple[str, ...]:
        """Everything that it names."""
        return (self.person, *self.accounts)

    @property
    def is_dated(self) -> bool:
        """Whether it holds for a part of all time."""
        return (self.valid_from, self.valid_until) != (ALWAYS, FOR_EVER)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that was said or found and not followed, and why."""

    reason: str
    accounts: tuple[str, ...]


def kind_of(account: str) -> str:
    """Return the kind that an account key begins with."""
    return account.partition(":")[0]


def is_name(key: str) -> bool:
    """Whether a key is the name of a person of the settings and no account."""
    return key.startswith(PERSON_OF_SETTINGS)
