"""Every account in the pages that staging is about to read gets its token before staging joins it.

The vault keeps the names; the warehouse sees tokens (DESIGN §2, I7). Bots are told by account type, name
rules and a list, so an account can turn out to be one later: the streams that carry accounts are then read
again.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import duckdb
import pyarrow as pa

from orchestration.steps.build_state import changed_config
from orchestration.steps.declared_accounts import (
    NOTHING,
    account,
    account_key,
    declared_accounts_queries,
    records_of_new_pages,
)
from orchestration.steps.raw_schema import Evidence, RawBuild, read_again
from orchestration.steps.staged_streams import STAGED_STREAMS, StagedStream
from orchestration.steps.stated_links import collect_links

_TEXT = "VARCHAR"
_USER: Mapping[str, Any] = {"id": _TEXT, "login": _TEXT, "type": _TEXT}
_IDENTITY: Mapping[str, Any] = {"name": _TEXT, "email": _TEXT}


class AccountVault(Protocol):
    """What is asked of the identity vault."""

    def assign(self, accounts: pa.Table, links: pa.Table | None = None) -> object:
        """Take in what `collect_accounts` and `collect_links` found, and give each account its token."""


@dataclass(frozen=True, slots=True)
class AccountPaths:
    """Where the records of a stream name accounts.

    `users` are paths of GitHub user objects ("" is the record itself), `identities` of git names and e-mail
    addresses. An identity at `commit.<path>` of a user belongs to that user's account too.
    """

    users: tuple[str, ...] = ()
    identities: tuple[str, ...] = ()
    wrapped_in: str | None = None


_API_COMMIT = AccountPaths(users=("author", "committer"), identities=("commit.author", "commit.committer"))
_COMPARED = "commits"
ACCOUNT_PATHS: Mapping[str, AccountPaths] = {
    "team_members": AccountPaths(users=("",)),
    "members": AccountPaths(users=("",)),
    "pull_requests": AccountPaths(users=("user",)),
    "reviews": AccountPaths(users=("user",)),
    "review_comments": AccountPaths(users=("user",)),
    "pull_request_commits": replace(_API_COMMIT, wrapped_in=_COMPARED),
    "issues": AccountPaths(users=("user",)),
    "timeline": AccountPaths(users=("actor", "user")),
    "commits": _API_COMMIT,
    "deployments": AccountPaths(users=("creator",)),
    "workflow_runs": AccountPaths(users=("actor",), wrapped_in="workflow_runs"),
}
_PEOPLE = """
select count(*), bit_xor(md5_number(concat_ws(' ', account_token, person_token, epoch_us(valid_from),
    epoch_us(valid_until), is_bot)))
from account_vault.main.people
"""
_GIT_FIELDS = ((3, 4), (6, 7))
_SCHEMA = pa.schema(
    [
        ("account_key", pa.string()),
        ("kind", pa.string()),
        ("login", pa.string()),
        ("display_name", pa.string()),
        ("email", pa.string()),
        ("account_type", pa.string()),
        ("first_seen_log_index", pa.int64()),
    ]
)


def assign_account_tokens(
    con: duckdb.DuckDBPyConnection,
    evidence: Evidence,
    build: RawBuild,
    *,
    vault: AccountVault,
    vault_file: Path,
) -> RawBuild:
    """Hand the new pages' accounts to the vault, and return the build as it then stands.

    Streams are read again where a token that the warehouse holds is no longer the account's, or no longer a
    person's (or a bot's). Call it after `build_raw_schema` and before dbt.

    Args:
        con: the warehouse.
        evidence: what the build reads.
        build: what `build_raw_schema` returned.
        vault: gives the tokens.
        vault_file: its DuckDB file, which holds `account_tokens` and `people` afterwards.
    """
    streams = [stream for stream in evidence.streams if stream.reads_accounts and evidence.files_of(stream)]
    vault.assign(collect_accounts(con, streams), collect_links(con, streams))
    tokens, people = _tables_of_vault(con, vault_file)
    con.register("present_tokens", tokens)
    try:
        present = {"vault.account_tokens": _fingerprint(con), "vault.people": people}
        news = build.news | changed_config(con, present)
        build = replace(build, news=news, config={**build.config, **present})
        if _has_known_changed(con):
            build = read_again(con, evidence, build, streams)
        con.execute("create or replace table raw.account_state as from present_tokens")
    finally:
        con.unregister("present_tokens")
    return build


def collect_accounts(
    con: duckdb.DuckDBPyConnection, streams: Iterable[StagedStream] = STAGED_STREAMS
) -> pa.Table:
    """Return each distinct form of each account in the pages that are new, and where it was first seen."""
    found = [
        con.sql(_distinct(query)).to_arrow_table().cast(_SCHEMA)
        for stream in streams
        if stream.reads_accounts
        for query in _accounts_queries(stream)
    ]
    return pa.concat_tables([_SCHEMA.empty_table(), *found])


def _tables_of_vault(con: duckdb.DuckDBPyConnection, vault_file: Path) -> tuple[pa.Table, str]:
    """Return the tokens, and a fingerprint of the people, whatever their order."""
    path = str(vault_file).replace("'", "''")
    con.execute(f"attach '{path}' as account_vault (read_only)")
    try:
        query = "select account_token, is_bot from account_vault.main.account_tokens"
        return con.sql(query).to_arrow_table(), repr(con.execute(_PEOPLE).fetchone())
    finally:
        con.execute("detach account_vault")


def _has_known_changed(con: duckdb.DuckDBPyConnection) -> bool:
    changed = "select 1 from (from raw.account_state except all from present_tokens) limit 1"
    return con.execute(changed).fetchone() is not None


def _fingerprint(con: duckdb.DuckDBPyConnection) -> str:
    """Fingerprint the tokens, whatever their order."""
    query = "select count(*), bit_xor(md5_number(account_token || is_bot)) from present_tokens"
    return repr(con.execute(query).fetchone())


def _accounts_queries(stream: StagedStream) -> Iterator[str]:
    """Queries that give `log_index, account` for the new pages of a stream.

    The streams of GitHub and git say more than a declaration can: the e-mail address of a commit's author
    stands beside the account, and git's output is no JSON.
    """
    if stream.kind == "git":
        yield _unnested(_git_records(stream), [_git_identity(*at) for at in _GIT_FIELDS])
    elif stream.kind == "github" and stream.name in ACCOUNT_PATHS:
        paths = ACCOUNT_PATHS[stream.name]
        wrapped_in = (paths.wrapped_in,) if paths.wrapped_in else ()
        records = records_of_new_pages(stream.table, _structure(paths), wrapped_in)
        yield _unnested(records, _github_accounts(paths))
    else:
        yield from declared_accounts_queries(stream)


def _unnested(records: str, accounts: list[str]) -> str:
    return f"select log_index, unnest([{', '.join(accounts)}]) as account from ({records})"


def _distinct(accounts: str) -> str:
    return (
        "select account.account_key, account.kind, account.login, account.display_name, account.email, "
        f"account.account_type, min(log_index) as first_seen_log_index from ({accounts}) "
        "where account.account_key is not null group by all"
    )


def _structure(paths: AccountPaths) -> dict[str, Any]:
    structure: dict[str, Any] = {}
    for path, leaves in [
        *((each, _USER) for each in paths.users),
        *((each, _IDENTITY) for each in paths.identities),
    ]:
        at = structure
        for key in filter(None, path.split(".")):
            at = at.setdefault(key, {})
        at.update(leaves)
    return structure


def _github_accounts(paths: AccountPaths) -> list[str]:
    accounts = []
    for path in paths.users:
        user = f"record.{path}" if path else "record"
        identity = f"commit.{path}"
        email = f"record.{identity}.email" if identity in paths.identities else NOTHING
        key = account_key("github", f"{user}.id")
        accounts.append(
            account(
                key=key,
                kind="github",
                login=f"{user}.login",
                display_name=NOTHING,
                email=email,
                account_type=f"{user}.type",
            )
        )
    identities = [_git_account(f"record.{path}.name", f"record.{path}.email") for path in paths.identities]
    return accounts + identities


def _git_records(stream: StagedStream) -> str:
    """Split pages of git's output as the models do (`macros/staging/git_pages.sql`)."""
    field = r"coalesce(try(decode(field::blob)), replace(field, '\x0A', chr(10)))"
    one_by_one = (
        rf"array_to_string(list_transform(string_split(record, '\x1F'), lambda field: {field}), chr(31))"
    )
    escaped = (
        r"list_transform(string_split(body::varchar, '\x1E')[2:], "
        f"lambda record: coalesce(try(decode(record::blob)), {one_by_one}))"
    )
    records = f"coalesce(string_split(try(decode(body)), chr(30))[2:], {escaped})"
    texts = f"select log_index, unnest({records}) as text from raw.{stream.table}__new"
    return f"select log_index, string_split(text, chr(31)) as fields from ({texts})"


def _git_identity(name: int, email: int) -> str:
    return _git_account(f"fields[{name}]", f"fields[{email}]")


def _git_account(name: str, email: str) -> str:
    key = account_key("git", email)
    return account(key=key, kind="git", login=NOTHING, display_name=name, email=email, account_type=NOTHING)
