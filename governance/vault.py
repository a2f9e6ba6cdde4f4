"""The identity vault: the only place where an account's names live (invariant I7).

Everything downstream knows accounts as keyed tokens. The vault is a DuckDB file of its own, readable by its
owner only, with a table `sightings` (each distinct way an account was seen, and where first), tables
`accounts` and `people` derived from it, and a view `account_tokens` that the warehouse reads with `people`.
What is derived is a function of the set of sightings, the key, the settings and the recorded decisions alone:
filling at once or in a hundred runs ends in the same rows.
"""

import hashlib
import hmac
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from governance.errors import VaultError, VaultKeyError
from governance.identity.decisions import RecordedDecision, commitment
from governance.identity.people import (
    PEOPLE_SCHEMA,
    refresh_people,
    rules_fingerprint,
    write_decisions,
)
from governance.identity.rules import IdentityRules

if TYPE_CHECKING:
    import duckdb

TOKEN_BITS = 128
BOT_TYPES = (
    "bot",
    "app",
    "application",
    "service",
    "service_account",
    "project_bot",
    "group_bot",
    "integration",
    "machine",
    "system",
    "true",
)
"""Account types of vendors that mean a bot, in small letters, without a `_reference` or `_user` at the end.

A flag that says so is "true".
"""
_REQUIRED = ("account_key", "kind", "login", "display_name", "email", "account_type")
_IDENTITY = "account_key, account_token, kind, login, display_name, email, is_bot, bot_reason"
_FINGERPRINT_LABEL = b"assay identity vault, key fingerprint, 1"

_SCHEMA = """
create table if not exists vault_key (fingerprint varchar not null);
create table if not exists sightings (
    account_key varchar not null, kind varchar not null, login varchar, display_name varchar, email varchar,
    account_type varchar, first_seen_log_index bigint not null
);
create table if not exists accounts (
    account_key varchar not null, account_token varchar not null, kind varchar not null, login varchar,
    display_name varchar, email varchar, account_type varchar, is_bot boolean not null, bot_reason varchar,
    first_seen_log_index bigint not null
);
create view if not exists account_tokens as select account_key, account_token, is_bot from accounts;
"""

_MERGE_SIGHTINGS = """
create temp table merged as
select account_key, kind, login, display_name, email, account_type,
       min(first_seen_log_index) as first_seen_log_index
from (from sightings union all by name from incoming_sightings)
group by all
"""

_MERGE_LINKS = """
create temp table merged_links as
select account_key, stated_key, min(first_seen_log_index) as first_seen_log_index
from (from stated_links union all by name from incoming_links) group by all;
create temp table fresh_links as from merged_links except from stated_links;
delete from stated_links
where (account_key, stated_key) in (select (account_key, stated_key) from fresh_links);
insert into stated_links by name from fresh_links order by all;
"""

_REPLACE_SIGHTINGS = """
begin; delete from sightings; insert into sightings by name from merged order by all; commit
"""

_REPLACE_ACCOUNTS = """
begin; delete from accounts; insert into accounts by name from derived order by account_key; commit
"""

_NEWEST = """
(list({column} order by first_seen_log_index desc, {column})
    filter (where {column} is not null))[1] as {column}
"""

_DERIVE_ACCOUNTS = f"""
create temp table derived as
with newest as (
    select account_key, min(kind) as kind, {_NEWEST.format(column="login")},
           {_NEWEST.format(column="display_name")}, {_NEWEST.format(column="email")},
           {_NEWEST.format(column="account_type")}, min(first_seen_log_index) as first_seen_log_index
    from sightings group by account_key
),
judged as (
    select *, [x for x in [login, display_name, split_part(email, '@', 1)] if x is not null] as names
    from newest
),
reasoned as (
    select *, case
        when len(list_filter(names || [account_key], lambda x: list_contains($listed, lower(x)))) > 0
            then 'configured list'
        when list_contains($bot_types, regexp_replace(lower(account_type), '_(reference|user)$', ''))
            then 'account type'
        when len(list_filter(names, lambda x: ends_with(lower(x), '[bot]'))) > 0 then '[bot] suffix'
        when $pattern is not null and len(list_filter(names, lambda x: regexp_matches(x, $pattern))) > 0
            then 'configured pattern'
    end as bot_reason
    from judged
)
select r.account_key, coalesce(a.account_token, t.account_token) as account_token, r.kind, r.login,
       r.display_name, r.email, r.account_type, r.bot_reason is not null as is_bot, r.bot_reason,
       r.first_seen_log_index
from reasoned r left join accounts a using (account_key) left join new_tokens t using (account_key)
"""  # every name is a column of this module


@dataclass(frozen=True, slots=True)
class BotRules:
    """What counts as a bot beside the account types of `BOT_TYPES` and the `[bot]` suffix.

    `pattern` is an RE2 expression over login, display name and the local part of an e-mail address; `logins`
    are listed names or account keys, compared without case.
    """

    pattern: str | None = None
    logins: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class VaultReport:
    """What one filling did."""

    accounts: int
    new_accounts: int
    changed_accounts: int
    bots: int
    people: int


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a token is. Handle with care: this leaves the vault."""

    account_key: str
    account_token: str
    kind: str
    login: str | None
    display_name: str | None
    email: str | None
    is_bot: bool
    bot_reason: str | None


def account_token(key: bytes, account_key: str) -> str:
    """Return `p_` and the first 128 bits of HMAC-SHA256 over the account key, in hexadecimal."""
    return "p_" + hmac.new(key, account_key.encode(), hashlib.sha256).digest()[: TOKEN_BITS // 8].hex()


class Vault:
    """One vault file. Connections are opened for the moment and closed again."""

    def __init__(
        self,
        path: Path,
        key: bytes,
        *,
        bots: BotRules | None = None,
        identity: IdentityRules | None = None,
    ) -> None:
        self._path = path
        self._key = key
        self._bots = bots or BotRules()
        self.identity = identity or IdentityRules()

    def assign(self, accounts: pa.Table, links: pa.Table | None = None) -> VaultReport:
        """Take accounts in, give each its token, and say what changed.

        Args:
            accounts: `account_key, kind, login, display_name, email, account_type` and, if known,
                `first_seen_log_index`. An account may appear many times and in many forms; the newest form
                (the one with the greatest first index) is shown.
            links: `account_key, stated_key, first_seen_log_index`: accounts that one record names as one
                person's.

        Raises:
            VaultError: a column is missing, or an account has no key.
            VaultKeyError: the vault was filled with another key.
        """
        incoming = self._sightings_of(accounts)
        with self.open() as con:
            con.register("incoming_sightings", incoming)
            self._merge_sightings(con)
            if links is not None and links.num_rows:
                con.register("incoming_links", links)
                con.execute(_MERGE_LINKS)
            con.register("new_tokens", self._new_tokens(con))
            return self._replace_accounts(con)

    def decisions_known_until(self) -> int:
        """Return the index of the governance log up to which the vault has every decision, exclusive."""
        with self.open() as con:
            row = con.execute("select coalesce(max(number) + 1, 0) from identity_decisions").fetchone()
        return int(row[0]) if row else 0

    def record_decisions(self, decisions: Iterable[RecordedDecision]) -> None:
        """Add decisions that stand in the governance log, and resolve everybody anew."""
        with self.open() as con:
            write_decisions(con, decisions)
            refresh_people(con, self.identity, token=self.token)

    def rules_fingerprint(self) -> str:
        """Fingerprint what decides about people beside their accounts, as a keyed hash."""
        bots = [self._bots.pattern, sorted(self._bots.logins)]
        with self.open() as con:
            return rules_fingerprint(con, self._key, [bots, self.identity.to_document()])

    def commitment(self, text: str) -> str:
        """Return a keyed commitment to words that the governance log must not hold."""
        return commitment(self._key, text)

    def token(self, account_key: str) -> str:
        """Return the token of an account, or of a person of the settings."""
        return account_token(self._key, account_key)

    def identities(self, tokens: list[str]) -> list[Identity]:
        """Look up who stands behind tokens, ordered by token; unknown tokens are left out."""
        with self.open() as con:
            rows = con.execute(
                f"select {_IDENTITY} from accounts where list_contains($tokens, account_token) "
                "order by account_token, account_key",
                {"tokens": tokens},
            ).fetchall()
        return [Identity(*row) for row in rows]

    def bots(self) -> list[Identity]:
        """List every account that is excluded as a bot, with the reason."""
        with self.open() as con:
            rows = con.execute(
                f"select {_IDENTITY} from accounts where is_bot order by account_key"
            ).fetchall()
        return [Identity(*row) for row in rows]

    @contextmanager
    def open(self) -> Iterator["duckdb.DuckDBPyConnection"]:
        """Open the file for the length of the block, with every table in place.

        Raises:
            VaultError: it cannot be opened.
            VaultKeyError: it was filled with another key.
        """
        import duckdb  # noqa: PLC0415 - 30 MB that a process does without while it only fetches

        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            con = duckdb.connect(str(self._path), config={"autoinstall_known_extensions": "false"})
        except duckdb.Error as error:
            raise VaultError(
                f"cannot open the identity vault {self._path}: {error}. If another run holds it, wait; "
                "if the file is damaged, restore it or delete it and build again"
            ) from error
        try:
            self._path.chmod(0o600)
            con.execute(_SCHEMA + PEOPLE_SCHEMA)
            self._check_key(con)
            yield con
        finally:
            con.close()

    def _check_key(self, con: "duckdb.DuckDBPyConnection") -> None:
        fingerprint = hmac.new(self._key, _FINGERPRINT_LABEL, hashlib.sha256).hexdigest()
        known = con.execute("select fingerprint from vault_key").fetchone()
        if known is None:
            con.execute("insert into vault_key values (?)", [fingerprint])
        elif not hmac.compare_digest(known[0], fingerprint):
            raise VaultKeyError(
                f"{self._path} was filled with another token key: every account would get a second token. "
                "Restore the key that made it, or delete the vault and rebuild everything from the evidence"
            )

    def _sightings_of(self, accounts: pa.Table) -> pa.Table:
        missing = [name for name in _REQUIRED if name not in accounts.column_names]
        if missing:
            raise VaultError(f"accounts lack the columns {', '.join(missing)}")
        columns: dict[str, Any] = {name: accounts[name].cast(pa.string()) for name in _REQUIRED}
        if columns["account_key"].null_count or columns["kind"].null_count:
            raise VaultError(
                "an account has no account_key or no kind; staging must leave it out and count it"
            )
        if "first_seen_log_index" in accounts.column_names:
            columns["first_seen_log_index"] = accounts["first_seen_log_index"].cast(pa.int64()).fill_null(0)
        else:
            columns["first_seen_log_index"] = pa.nulls(accounts.num_rows, pa.int64()).fill_null(0)
        return pa.table(columns)

    def _merge_sightings(self, con: "duckdb.DuckDBPyConnection") -> None:
        con.execute(_MERGE_SIGHTINGS)
        if _differ(con, "merged", "sightings"):
            con.execute(_REPLACE_SIGHTINGS)

    def _new_tokens(self, con: "duckdb.DuckDBPyConnection") -> pa.Table:
        rows = con.execute(
            "select distinct account_key from sightings anti join accounts using (account_key) order by 1"
        ).fetchall()
        keys = [row[0] for row in rows]
        return pa.table(
            {
                "account_key": pa.array(keys, pa.string()),
                "account_token": pa.array([account_token(self._key, key) for key in keys], pa.string()),
            }
        )

    def _replace_accounts(self, con: "duckdb.DuckDBPyConnection") -> VaultReport:
        con.execute(
            _DERIVE_ACCOUNTS,
            {
                "listed": [login.lower() for login in self._bots.logins],
                "pattern": self._bots.pattern,
                "bot_types": list(BOT_TYPES),
            },
        )
        before = _count(con, "accounts")
        touched = _count(con, "(from derived except from accounts)")
        if _differ(con, "derived", "accounts"):
            con.execute(_REPLACE_ACCOUNTS)
        refresh_people(con, self.identity, token=self.token)
        after = _count(con, "accounts")
        return VaultReport(
            accounts=after,
            new_accounts=after - before,
            changed_accounts=touched - (after - before),
            bots=_count(con, "accounts where is_bot"),
            people=_count(con, "(select distinct person_token from people)"),
        )


def _count(con: "duckdb.DuckDBPyConnection", relation: str) -> int:
    row = con.execute(f"select count(*) from {relation}").fetchone()
    return int(row[0]) if row else 0


def _differ(con: "duckdb.DuckDBPyConnection", left: str, right: str) -> bool:
    return _count(con, left) != _count(con, right) or _count(con, f"(from {left} except from {right})") > 0
