"""The vault's people: every account's person and span, derived anew from all that is known and decided."""

import hashlib
import hmac
import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import pyarrow as pa

from governance.canonical import canonical_json
from governance.identity.claims import find_claims, write_addresses
from governance.identity.decisions import Decision, RecordedDecision, in_force
from governance.identity.resolution import Resolution, resolve
from governance.identity.rules import IdentityRules
from governance.identity.statements import PERSON_OF_SETTINGS, Problem, Statement

if TYPE_CHECKING:
    import duckdb

PEOPLE_SCHEMA = """
create table if not exists people (
    account_token varchar not null, person_token varchar not null, valid_from timestamptz not null,
    valid_until timestamptz not null, is_bot boolean not null
);
create table if not exists stated_links (
    account_key varchar not null, stated_key varchar not null, first_seen_log_index bigint not null
);
create table if not exists identity_decisions (
    number bigint not null, document varchar not null, decided_by varchar, reason varchar
);
"""
_SPANS = pa.schema(
    [
        ("account_key", pa.string()),
        ("person_token", pa.string()),
        ("valid_from", pa.timestamp("us", tz="UTC")),
        ("valid_until", pa.timestamp("us", tz="UTC")),
    ]
)
_DERIVE_PEOPLE = """
create or replace temp table derived_people as
select a.account_token, coalesce(s.person_token, a.account_token) as person_token,
    coalesce(s.valid_from, timestamptz '0001-01-01 00:00:00+00') as valid_from,
    coalesce(s.valid_until, timestamptz '9999-12-31 00:00:00+00') as valid_until, a.is_bot
from accounts as a left join identity_spans as s using (account_key)
"""
_REPLACE_PEOPLE = """
begin; delete from people;
insert into people by name from derived_people order by account_token, valid_from; commit
"""
_NAMED = """
with texts as (select unnest($texts) as text),
found as (
    select text, account_key, 1 as place from texts inner join accounts on account_key = text
    union
    select text, account_key, 2
    from texts inner join sightings
        on kind = split_part(text, ':', 1) and lower(trim(login)) = lower(substr(text, strpos(text, ':') + 1))
    union
    select text, account_key, 3
    from texts inner join sightings
        on kind = split_part(text, ':', 1) and lower(trim(email)) = lower(substr(text, strpos(text, ':') + 1))
)
select text, list(distinct account_key order by account_key) as account_keys
from found
where (text, place) in (select (text, min(place)) from found group by text)
group by text
"""

Token = Callable[[str], str]


def refresh_people(con: "duckdb.DuckDBPyConnection", rules: IdentityRules, *, token: Token) -> Resolution:
    """Resolve every account of the vault, write `people` where it differs, and return what was found.

    Args:
        con: The vault, open for writing; `accounts` must stand.
        rules: What the settings say.
        token: Makes the token of an account key, or of a person of the settings.
    """
    con.execute("set TimeZone = 'UTC'")
    resolution = resolve_people(con, rules)
    tokens = {anchor: token(anchor) for anchor in {span.anchor for span in resolution.spans}}
    rows = [
        (span.account, tokens[span.anchor], span.valid_from, span.valid_until) for span in resolution.spans
    ]
    columns = list(zip(*rows, strict=True)) or [()] * len(_SPANS)
    arrays = [pa.array(values, kind.type) for values, kind in zip(columns, _SPANS, strict=True)]
    con.register("identity_spans", pa.table(arrays, schema=_SPANS))
    con.execute(_DERIVE_PEOPLE)
    con.unregister("identity_spans")
    if con.execute("(from derived_people except all from people) union all "
                   "(from people except all from derived_people) limit 1").fetchone():  # fmt: skip
        con.execute(_REPLACE_PEOPLE)
    con.execute("drop table derived_people")
    return resolution


def resolve_people(con: "duckdb.DuckDBPyConnection", rules: IdentityRules) -> Resolution:
    """Resolve every account of the vault without writing anything."""
    write_addresses(con, rules)
    bots = con.execute("select account_key from accounts where is_bot").fetchall()
    mapped, unknown = _mappings(con, rules)
    claims = find_claims(con, rules)
    statements = [*mapped, *_decided(con)]
    found = resolve(claims, statements, bots=frozenset(key for (key,) in bots))
    return Resolution(found.spans, (*unknown, *found.problems))


def read_decisions(con: "duckdb.DuckDBPyConnection") -> list[RecordedDecision]:
    """Return every decision in its order."""
    rows = con.execute(
        "select number, document, decided_by, reason from identity_decisions order by number"
    ).fetchall()
    return [
        RecordedDecision(number, Decision.from_document(json.loads(document)), decided_by, reason)
        for number, document, decided_by, reason in rows
    ]


def write_decisions(con: "duckdb.DuckDBPyConnection", decisions: Iterable[RecordedDecision]) -> None:
    """Add decisions that the vault does not have yet."""
    known = {number for (number,) in con.execute("select number from identity_decisions").fetchall()}
    for each in decisions:
        if each.number not in known:
            document = canonical_json(each.decision.to_document()).decode()
            con.execute(
                "insert into identity_decisions values (?, ?, ?, ?)",
                [each.number, document, each.decided_by, each.reason],
            )


def accounts_named(con: "duckdb.DuckDBPyConnection", texts: Iterable[str]) -> dict[str, list[str]]:
    """Return the keys of the accounts that texts name: by key, else by login, else by address."""
    rows = con.execute(_NAMED, {"texts": sorted(set(texts))}).fetchall()
    return {text: list(keys) for text, keys in rows}


def rules_fingerprint(con: "duckdb.DuckDBPyConnection", key: bytes, document: object) -> str:
    """Fingerprint what decides about people beside the accounts: settings and decisions. It tells nothing."""
    numbers = [
        number for (number,) in con.execute("select number from identity_decisions order by 1").fetchall()
    ]
    return hmac.new(key, canonical_json([document, numbers]), hashlib.sha256).hexdigest()


def _mappings(
    con: "duckdb.DuckDBPyConnection", rules: IdentityRules
) -> tuple[list[Statement], list[Problem]]:
    """Return the mappings of the settings as statements, and the accounts that they cannot mean."""
    named = accounts_named(con, (text for person in rules.people for text in person.accounts))
    statements, problems = [], []
    for person in sorted(rules.people, key=lambda one: (one.name, one.valid_from, one.accounts)):
        known = []
        for text in sorted(person.accounts):
            keys = named.get(text, [])
            if len(keys) == 1:
                known.append(keys[0])
            elif keys:
                problems.append(
                    Problem("the settings name it, and several accounts have the name", tuple(keys))
                )
            else:
                problems.append(Problem("the settings name it, and nobody has seen it yet", (text,)))
        if known:
            name = PERSON_OF_SETTINGS + person.name
            statements.append(Statement(True, name, tuple(known), person.valid_from, person.valid_until))  # noqa: FBT003
    return statements, problems


def _decided(con: "duckdb.DuckDBPyConnection") -> list[Statement]:
    """Return the merges and splits that hold, the newest first, for accounts that have been seen."""
    decisions = in_force(read_decisions(con))
    tokens = sorted(
        {one for each in decisions for one in (each.decision.person, *each.decision.accounts) if one}
    )
    rows = con.execute(
        "select account_token, account_key from accounts where list_contains($tokens, account_token)",
        {"tokens": tokens},
    ).fetchall()
    keys = dict(rows)
    statements = []
    for each in decisions:
        accounts = tuple(keys[one] for one in each.decision.accounts if one in keys)
        person = keys.get(each.decision.person)
        if each.decision.kind in ("merge", "split") and person is not None and accounts:
            statements.append(
                Statement(
                    is_merge=each.decision.kind == "merge",
                    person=person,
                    accounts=accounts,
                    valid_from=each.decision.valid_from,
                    valid_until=each.decision.valid_until,
                    source=str(each.number),
                )
            )
    return statements
