"""What is a person's own: the person behind an account, and that person's facts and records in a trace."""

from dataclasses import dataclass

import duckdb

from governance.identity.people import accounts_named
from governance.vault import Vault
from lineage.trace import Own, Trace
from lineage.trace.own import own_fact_keys
from orchestration.errors import UsageError

_MAKERS = (  # whose a record is: the first of these that its stream has
    "author_token",
    "reviewer_token",
    "actor_token",
    "person_token",
    "user_token",
    "member_token",
    "reporter_token",
    "starter_token",
    "creator_token",
    "sender_token",
    "agent_token",
    "notified_user_token",
    "merger_token",
)
_MAKER_COLUMNS = """
select table_name, column_name from duckdb_columns()
where schema_name = 'staging' and table_name in (select unnest($tables)) and column_name in (select
unnest($makers))
"""


@dataclass(frozen=True, slots=True)
class Subject:
    """A person, by tokens alone.

    Attributes:
        token: The person's token.
        account_tokens: Tokens of the person's accounts at any time.
    """

    token: str
    account_tokens: tuple[str, ...]


def find_subject(vault: Vault, warehouse: duckdb.DuckDBPyConnection, account: str) -> Subject:
    """Return the person whose account this is now.

    Args:
        vault: Knows the names of accounts.
        warehouse: Knows whose accounts are, as of its build.
        account: By key (github:7), by login (github:ada) or by address (git:ada@acme.example).

    Raises:
        UsageError: there is no such account, or several.
    """
    with vault.open() as con:
        keys = accounts_named(con, [account]).get(account, [])
        found = con.execute(
            "select distinct account_token from accounts where list_contains($keys, account_key)",
            {"keys": keys},
        ).fetchall()
    people = warehouse.execute(
        "select distinct person_token from intermediate.int_people where list_contains($tokens, "
        "account_token) "
        "qualify row_number() over (partition by account_token order by valid_from desc) = 1",
        {"tokens": [token for (token,) in found]},
    ).fetchall()
    if len(people) != 1:
        what = "no account" if not people else "accounts of several people"
        raise UsageError(
            f"{account} names {what}. Name one as KIND:LOGIN or KIND:ADDRESS, such as github:ada; "
            "assay identity show ACCOUNT shows a person's accounts"
        )
    ((token,),) = people
    accounts = warehouse.execute(
        "select distinct account_token from intermediate.int_people where person_token = $token order by 1",
        {"token": token},
    ).fetchall()
    return Subject(token, tuple(one for (one,) in accounts))


def check_still_one(vault: Vault, subject: Subject) -> None:
    """Refuse to take accounts for one person's whom a decision has held apart since the build.

    Args:
        vault: Knows what was decided last.
        subject: A person as of the warehouse's build.

    Raises:
        UsageError: the accounts are several people's by now.
    """
    with vault.open() as con:
        people = con.execute(
            "select distinct person_token from people where list_contains($tokens, account_token) "
            "qualify row_number() over (partition by account_token order by valid_from desc) = 1",
            {"tokens": list(subject.account_tokens)},
        ).fetchall()
    if len(people) > 1:
        raise UsageError(
            "Whose accounts these are was decided anew since the last build, so its numbers may be somebody "
            "else's too. Run assay run, and ask again"
        )


def own_of(warehouse: duckdb.DuckDBPyConnection, trace: Trace, subject: Subject) -> Own:
    """Return which facts and which of the records that were read are a person's own.

    A record is the own one of whoever made it, as its stream's staging model says; where rows of one record
    are several
    people's, or the model says nothing of it, it is nobody's own.
    """
    return Own(
        record_ids=frozenset(_own_records(warehouse, trace, subject)),
        fact_keys=own_fact_keys(warehouse, trace.cell, trace.definition, subject.token),
    )


def _own_records(warehouse: duckdb.DuckDBPyConnection, trace: Trace, subject: Subject) -> set[int]:
    kinds = dict(warehouse.execute("select distinct source, kind from raw.fetch_windows").fetchall())
    pages = {page.log_index: page for page in trace.pages}
    wanted: dict[str, list[int]] = {}
    for record in trace.records:
        page = pages[record.log_index]
        table = f"stg_{kinds.get(page.source, page.source)}__{page.stream}"
        wanted.setdefault(table, []).append(record.record_id)
    makers = _makers(warehouse, list(wanted))
    own: set[int] = set()
    for table, record_ids in wanted.items():
        if table in makers:
            own |= _made_by(warehouse, table, makers[table], record_ids, subject)
    return own


def _makers(warehouse: duckdb.DuckDBPyConnection, tables: list[str]) -> dict[str, str]:
    rows = warehouse.execute(_MAKER_COLUMNS, {"tables": tables, "makers": list(_MAKERS)}).fetchall()
    first: dict[str, str] = {}
    for table, column in sorted(rows, key=lambda row: _MAKERS.index(row[1])):
        first.setdefault(table, column)
    return first


def _made_by(
    warehouse: duckdb.DuckDBPyConnection, table: str, column: str, record_ids: list[int], subject: Subject
) -> set[int]:
    rows = warehouse.execute(
        f"select record_id from staging.{table} where record_id in (select unnest($ids)) group by record_id "
        f"having bool_and(coalesce(list_contains($accounts, {column}), false))",
        {"ids": record_ids, "accounts": list(subject.account_tokens)},
    ).fetchall()
    return {record_id for (record_id,) in rows}
