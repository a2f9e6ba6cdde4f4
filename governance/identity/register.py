"""Deciding about identities: what is asked for is tried first, then logged, then done."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from governance.errors import IdentityError
from governance.identity.decisions import Decision, DecisionKind, RecordedDecision, in_force
from governance.identity.people import accounts_named, read_decisions, resolve_people, write_decisions
from governance.identity.rules import ALWAYS, FOR_EVER
from governance.identity.statements import Problem
from governance.identity.suggestions import SeenAccount, Suggestion, forms_of, suggest
from governance.log import GOVERNANCE_LOG, GovernanceLog
from governance.vault import Vault

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """Who decides something, why, when, and from when up to when it holds."""

    decided_by: str
    reason: str
    decided_at: datetime
    valid_from: datetime = ALWAYS
    valid_until: datetime = FOR_EVER

    def __post_init__(self) -> None:
        """Refuse a decision that nobody answers for.

        Raises:
            IdentityError: the name or the reason is missing.
        """
        if not self.decided_by.strip() or not self.reason.strip():
            raise IdentityError("a decision needs the name of who decides and a reason")

    @property
    def is_dated(self) -> bool:
        """Whether it holds for a part of all time."""
        return (self.valid_from, self.valid_until) != (ALWAYS, FOR_EVER)


class IdentityRegister:
    """Suggestions and decisions of one vault, with the governance log that they go into."""

    def __init__(self, vault: Vault, log: GovernanceLog) -> None:
        self._vault = vault
        self._log = log

    def suggestions(self) -> list[Suggestion]:
        """Return the merges that wait for a person's word."""
        with self._vault.open() as con:
            return suggest(con, self._vault.identity, token=self._vault.token)

    def problems(self) -> tuple[Problem, ...]:
        """Return what was said or found and could not be followed."""
        with self._vault.open() as con:
            return resolve_people(con, self._vault.identity).problems

    def decisions(self) -> list[RecordedDecision]:
        """Return every decision in its order, undone ones too."""
        with self._vault.open() as con:
            return read_decisions(con)

    def person_of(self, text: str) -> tuple[SeenAccount, ...]:
        """Return the accounts of the person that one account belongs to now.

        Raises:
            IdentityError: the text names no account, or several.
        """
        with self._vault.open() as con:
            return forms_of(con, self._token_named(con, text))

    def accept(self, number: str, word: Word) -> int:
        """Merge the two people of a suggestion, and return the decision's number.

        Raises:
            IdentityError: there is no such suggestion.
        """
        suggestion = self._suggestion(number)
        person, account = suggestion.left[0].account_token, suggestion.right[0].account_token
        return self._decide(self._decision("merge", word, person, (account,)), word)

    def reject(self, number: str, word: Word) -> int:
        """Have a suggestion never come back, and return the decision's number.

        Raises:
            IdentityError: there is no such suggestion.
        """
        suggestion = self._suggestion(number)
        person, account = suggestion.left[0].account_token, suggestion.right[0].account_token
        return self._decide(self._decision("reject", word, person, (account,)), word)

    def merge(self, person: str, accounts: Sequence[str], word: Word) -> int:
        """Decide that accounts are a person's, and return the decision's number.

        Args:
            person: An account of the person, as `kind:id`, `kind:login` or `kind:address`.
            accounts: The accounts.
            word: Who says so, and for which time.

        Raises:
            IdentityError: an account is unknown, all are one person's already, or it cannot be followed.
        """
        with self._vault.open() as con:
            whose = self._token_named(con, person)
            tokens = tuple(self._token_named(con, text) for text in accounts)
            if len({forms_of(con, token) for token in (whose, *tokens)}) == 1 and not word.is_dated:
                raise IdentityError("these accounts are one person's already; nothing was decided")
        return self._decide(self._decision("merge", word, whose, tokens), word)

    def split(self, accounts: Sequence[str], word: Word) -> int:
        """Decide that accounts are not the person's whom they were taken for, and return the number.

        Raises:
            IdentityError: an account is unknown, they are not one person's, or nothing would remain.
        """
        with self._vault.open() as con:
            tokens = tuple(self._token_named(con, text) for text in accounts)
            people = {forms_of(con, token) for token in tokens}
            if len(people) != 1:
                raise IdentityError("these accounts are not one person's; split them one person at a time")
            rest = [one.account_token for one in people.pop() if one.account_token not in tokens]
            if not rest:
                raise IdentityError("these are all accounts of the person; nobody is left to split them from")
        return self._decide(self._decision("split", word, rest[0], tokens), word)

    def undo(self, number: int, word: Word) -> int:
        """Decide that a decision no longer holds, and return the number of that.

        Raises:
            IdentityError: there is no such decision, or it does not hold any more.
        """
        with self._vault.open() as con:
            if number not in {each.number for each in in_force(read_decisions(con))}:
                raise IdentityError(f"there is no decision {number} that holds")
        return self._decide(self._decision("undo", word, undoes=number), word)

    def _suggestion(self, number: str) -> Suggestion:
        found = {each.number: each for each in self.suggestions()}
        if number not in found:
            raise IdentityError(
                f"there is no suggestion {number}; `assay identity review` lists what is suggested now"
            )
        return found[number]

    def _decision(
        self,
        kind: DecisionKind,
        word: Word,
        person: str | None = None,
        accounts: tuple[str, ...] = (),
        undoes: int | None = None,
    ) -> Decision:
        return Decision(
            kind=kind,
            person=person,
            accounts=accounts,
            undoes=undoes,
            valid_from=word.valid_from,
            valid_until=word.valid_until,
            decided_at=word.decided_at,
            decided_by=self._vault.commitment(word.decided_by.strip()),
            reason=self._vault.commitment(word.reason.strip()),
        )

    def _decide(self, decision: Decision, word: Word) -> int:
        with self._vault.open() as con:
            self._try(con, decision)
        with self._log.transaction() as transaction:
            number = transaction.append(GOVERNANCE_LOG, decision.leaf())
        kept = RecordedDecision(number, decision, word.decided_by.strip(), word.reason.strip())
        self._vault.record_decisions([kept])
        return number

    def _try(self, con: "duckdb.DuckDBPyConnection", decision: Decision) -> None:
        """Follow a decision for a moment.

        Raises:
            IdentityError: it could not be followed.
        """
        trial = max((each.number for each in read_decisions(con)), default=0) + 1
        con.execute("begin")
        try:
            write_decisions(con, [RecordedDecision(trial, decision)])
            problems = resolve_people(con, self._vault.identity).problems
        finally:
            con.execute("rollback")
        mine = [one for one in problems if one.reason.startswith(f"decision {trial} ")]
        if mine:
            why = mine[0].reason.removeprefix(f"decision {trial} ")
            raise IdentityError(
                f"the decision {why} ({', '.join(mine[0].accounts)}); nothing was decided. "
                "A mapping in assay.yml is changed there"
            )

    def _token_named(self, con: "duckdb.DuckDBPyConnection", text: str) -> str:
        keys = accounts_named(con, [text]).get(text, [])
        if not keys:
            raise IdentityError(
                f"nobody has seen an account {text}; write kind:id, kind:login or kind:address, such as "
                "github:ada or git:ada@acme.example"
            )
        if len(keys) > 1:
            raise IdentityError(f"{text} may be {' or '.join(keys)}; name one of them")
        return self._vault.token(keys[0])
