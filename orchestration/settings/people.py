"""The part of `assay.yml` that says whose accounts are whose."""

from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from connectors.settings import REMEDY, Date, Name, SettingsSection
from connectors.sources import SOURCE_KINDS
from governance.identity.rules import VOUCHING_KINDS

KINDS_OF_ACCOUNTS = frozenset(
    account.namespace
    for kind in SOURCE_KINDS.values()
    for stream in kind.streams
    for account in stream.accounts
) | {"github", "git"}


def _account(text: str) -> str:
    kind, _, name = text.partition(":")
    if kind not in KINDS_OF_ACCOUNTS or not name.strip():
        raise PydanticCustomError(
            "account",
            "'{text}' names no account",
            {
                "text": text,
                REMEDY: "Write kind:id, kind:login or kind:address, such as github:ada or git:ada@acme.test; "
                f"kinds: {', '.join(sorted(KINDS_OF_ACCOUNTS))}",
            },
        )
    return text


def _vouching(kind: str) -> str:
    if kind not in VOUCHING_KINDS:
        raise PydanticCustomError(
            "vouching_kind",
            "'{kind}' gives no e-mail addresses that it answers for; kinds that do: {kinds}",
            {"kind": kind, "kinds": ", ".join(VOUCHING_KINDS)},
        )
    return kind


AccountName = Annotated[str, AfterValidator(_account)]
Mailbox = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")]


class MappedPerson(SettingsSection):
    """Accounts that are one person's during [from, until); an account by its id, its login or its address."""

    name: Name
    accounts: Annotated[tuple[AccountName, ...], Field(min_length=1)]
    from_: Date | None = Field(default=None, alias="from")
    until: Date | None = None

    @model_validator(mode="after")
    def _lasts(self) -> Self:
        if self.from_ and self.until and self.until <= self.from_:
            raise PydanticCustomError(
                "empty_range", "the mapping of {name} ends before it begins", {"name": self.name}
            )
        return self


class Identity(SettingsSection):
    """What tells whose an account is: kinds whose addresses are verified, and mailboxes of more than one."""

    email_from: tuple[Annotated[str, AfterValidator(_vouching)], ...] = VOUCHING_KINDS
    shared_mailboxes: tuple[Mailbox, ...] = ()
