"""A vault told in a few words: who was seen where, and which accounts are one person."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from governance.identity.register import IdentityRegister, Word
from governance.identity.rules import IdentityRules
from governance.vault import BotRules, Vault, account_token

KEY = bytes(range(32))
AT = datetime(2026, 5, 4, 9, tzinfo=UTC)
BOTS = BotRules(pattern=r"(\[bot\]|-bot)$", logins=("jenkins",))
_COLUMNS = ("account_key", "kind", "login", "display_name", "email", "account_type")


def seen(account_key: str, **more: Any) -> dict[str, Any]:
    """One sighting; the kind and a git address are read from the key."""
    kind, _, rest = account_key.partition(":")
    row: dict[str, Any] = {"account_key": account_key, "kind": kind, "first_seen_log_index": 0}
    return row | ({"email": rest} if kind == "git" else {}) | more


def table(*rows: Mapping[str, Any]) -> pa.Table:
    """Sightings as the steps collect them."""
    schema = pa.schema([*((name, pa.string()) for name in _COLUMNS), ("first_seen_log_index", pa.int64())])
    return pa.Table.from_pylist([dict.fromkeys(schema.names) | dict(row) for row in rows], schema=schema)


def links(*pairs: tuple[str, str]) -> pa.Table:
    """Pairs that one record names as one person's."""
    rows = [{"account_key": one, "stated_key": other, "first_seen_log_index": 0} for one, other in pairs]
    schema = pa.schema(
        [("account_key", pa.string()), ("stated_key", pa.string()), ("first_seen_log_index", pa.int64())]
    )
    return pa.Table.from_pylist(rows, schema=schema)


def word(reason: str = "they sit beside me", **more: Any) -> Word:
    """Somebody's word."""
    return Word(**{"decided_by": "Ada Lovelace", "reason": reason, "decided_at": AT, **more})


@dataclass
class Leaves:
    """A governance log in memory."""

    leaves: list[bytes] = field(default_factory=list)

    @contextmanager
    def transaction(self) -> Iterator["Leaves"]:
        yield self

    def append(self, log: str, leaf: bytes) -> int:
        assert log == "governance"
        self.leaves.append(leaf)
        return len(self.leaves) - 1

    def size(self, log: str) -> int:
        assert log == "governance"
        return len(self.leaves)


@dataclass
class Told:
    """A vault file, and its log."""

    path: Path
    rules: IdentityRules = field(default_factory=IdentityRules)
    log: Leaves = field(default_factory=Leaves)

    @property
    def vault(self) -> Vault:
        """The vault, opened anew as after a restart."""
        return Vault(self.path, KEY, bots=BOTS, identity=self.rules)

    @property
    def register(self) -> IdentityRegister:
        return IdentityRegister(self.vault, self.log)

    def see(self, *rows: Mapping[str, Any], stated: tuple[tuple[str, str], ...] = ()) -> None:
        self.vault.assign(table(*rows), links(*stated))

    def rows(self) -> list[tuple[Any, ...]]:
        """The people: account key, anchor's token, span."""
        with self.vault.open() as con:
            return con.execute(
                "select account_key, person_token, epoch(valid_from), epoch(valid_until), p.is_bot "
                "from people as p inner join accounts using (account_token) order by all"
            ).fetchall()

    def people(self, at: datetime | None = None) -> set[frozenset[str]]:
        """The people who have more than one account, at an instant or now."""
        instant = (at or datetime(9000, 1, 1, tzinfo=UTC)).timestamp()
        by_token: dict[str, set[str]] = {}
        for account, person, start, end, _ in self.rows():
            if start <= instant < end:
                by_token.setdefault(person, set()).add(account)
        return {frozenset(accounts) for accounts in by_token.values() if len(accounts) > 1}

    def token_of(self, account: str, at: datetime | None = None) -> str:
        """The person's token of an account, at an instant or now."""
        instant = (at or datetime(9000, 1, 1, tzinfo=UTC)).timestamp()
        (found,) = {
            person for key, person, start, end, _ in self.rows() if key == account and start <= instant < end
        }
        return str(found)

    def reasons(self) -> set[str]:
        """Why something was not followed."""
        return {problem.reason for problem in self.register.problems()}


def together(*accounts: str) -> frozenset[str]:
    """Accounts of one person."""
    return frozenset(accounts)


def own(account: str) -> str:
    """The account's own token."""
    return account_token(KEY, account)
