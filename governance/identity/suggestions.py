"""Merges that look right and that only a person confirms: two people, and what speaks for their being one.

A name alone suggests nothing; each reason takes two signs. Bots are left out, and so is whatever was rejected
or split before, by whichever accounts it would come back.
"""

import hashlib
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from governance.identity.claims import write_addresses
from governance.identity.decisions import in_force
from governance.identity.people import Token, read_decisions
from governance.identity.resolution import rank_of
from governance.identity.rules import IdentityRules
from governance.identity.statements import PERSON_OF_SETTINGS

if TYPE_CHECKING:
    import duckdb

SIMILAR = 0.9
"""Similarity after Jaro and Winkler from which two names, or two handles, count as similar."""
CROWD = 20
"""A handle, name or address that more people share suggests nothing."""

_TRAITS = """
create or replace temp table identity_traits as
with present as (
    select a.account_key, p.person_token, a.kind
    from accounts as a inner join people as p using (account_token)
    where p.valid_until = timestamptz '9999-12-31 00:00:00+00' and not a.is_bot
),
addresses as (
    select person_token, address, is_noreply, domain,
        case when is_noreply then regexp_replace(local_part, '^[0-9]+[+-]', '')
            else regexp_replace(local_part, '[+].*$', '') end as handle
    from identity_addresses inner join present using (account_key) where is_personal
),
names as (
    select person_token, list_sort(list_filter(regexp_split_to_array(
        regexp_replace(strip_accents(lower(display_name)), '[^\\p{L}\\p{N}]+', ' ', 'g'), ' '
    ), lambda part: part <> '')) as parts
    from sightings inner join present using (account_key) where display_name is not null
),
handles as (
    select person_token, handle as text from addresses
    union all
    select person_token, lower(trim(login)) from sightings inner join present using (account_key)
    where login is not null and not contains(login, '@')
)
select distinct 'address' as trait, person_token, address as text from addresses where not is_noreply
union
select 'mailbox', person_token, handle || '@' || domain from addresses where not is_noreply
union
select 'domain', person_token, domain from addresses where not is_noreply
union
select 'name', person_token, array_to_string(parts, ' ') from names where len(parts) > 1
union
select 'handle', person_token, regexp_replace(strip_accents(text), '[^\\p{L}\\p{N}]', '', 'g') from handles
where len(text) > 2
"""
_PAIRS = """
with shared as (
    select trait, text from identity_traits where trait <> 'domain'
    group by all having count(*) between 2 and $crowd
),
kept as (select person_token, trait, text from identity_traits inner join shared using (trait, text)),
alike as (
    select trait, l.person_token as left_token, r.person_token as right_token
    from kept as l inner join kept as r using (trait, text) where l.person_token < r.person_token
    group by all
),
near as (
    select a.trait, a.left_token, a.right_token, l.trait as other, max(l.text = r.text) as is_equal,
        max(jaro_winkler_similarity(l.text, r.text)) as similarity
    from alike as a
    inner join identity_traits as l on l.person_token = a.left_token
    inner join identity_traits as r on r.person_token = a.right_token and r.trait = l.trait
    where a.trait in ('name', 'handle') and l.trait in ('name', 'handle', 'domain')
    group by all
),
nameless as (
    select person_token from identity_traits group by person_token
    having count(*) filter (where trait = 'name') = 0
)
select left_token, right_token, 1 as place, 'an address that two accounts of one system have' as reason
from alike where trait = 'address'
union
select left_token, right_token, 2, 'the same mailbox but for a +tag'
from alike where trait = 'mailbox' and (left_token, right_token) not in (
    select (left_token, right_token) from alike where trait = 'address'
)
union
select left_token, right_token, 3, 'the same name and the same domain'
from near where trait = 'name' and other = 'domain' and is_equal
union
select left_token, right_token, 4, 'the same name and a similar handle'
from near where trait = 'name' and other = 'handle' and similarity >= $similar
union
select left_token, right_token, 5, 'the same handle and a similar name'
from near where trait = 'handle' and other = 'name' and similarity >= $similar
union
select left_token, right_token, 6, 'the same handle, and of one no name is known'
from alike where trait = 'handle' and (
    left_token in (from nameless) or right_token in (from nameless)
)
order by all
"""
_FORMS = """
select p.person_token, a.account_key, a.account_token, a.login, a.display_name, a.email
from accounts as a inner join people as p using (account_token)
where p.valid_until = timestamptz '9999-12-31 00:00:00+00' and list_contains($people, p.person_token)
"""


@dataclass(frozen=True, slots=True)
class SeenAccount:
    """An account as people know it. Handle with care: this leaves the vault."""

    account_key: str
    account_token: str
    login: str | None
    display_name: str | None
    email: str | None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Two people who may be one.

    Attributes:
        number: Stands for this pair as long as the two are who they are.
        left: Accounts of one, the one that stands for the person first.
        right: Accounts of the other.
        reasons: What speaks for it, the strongest first.
    """

    number: str
    left: tuple[SeenAccount, ...]
    right: tuple[SeenAccount, ...]
    reasons: tuple[str, ...]


def suggest(con: "duckdb.DuckDBPyConnection", rules: IdentityRules, *, token: Token) -> list[Suggestion]:
    """Return the pairs of people who may be one, those with the strongest reasons first."""
    write_addresses(con, rules)
    con.execute(_TRAITS)
    reasons: dict[tuple[str, str], list[tuple[int, str]]] = defaultdict(list)
    rows = con.execute(_PAIRS, {"crowd": CROWD, "similar": SIMILAR}).fetchall()
    for left, right, place, reason in rows:
        reasons[left, right].append((place, reason))
    apart, named = _kept_apart(con), {token(PERSON_OF_SETTINGS + person.name) for person in rules.people}
    open_pairs = {
        pair: sorted(found)
        for pair, found in reasons.items()
        if frozenset(pair) not in apart and not named.issuperset(pair)
    }
    forms = _forms(con, {one for pair in open_pairs for one in pair})
    ordered = sorted(open_pairs, key=lambda pair: (open_pairs[pair][0][0], -len(open_pairs[pair]), pair))
    return [
        Suggestion(
            number="s" + hashlib.sha256(f"{left} {right}".encode()).hexdigest()[:8],
            left=forms[left],
            right=forms[right],
            reasons=tuple(reason for _, reason in open_pairs[left, right]),
        )
        for left, right in ordered
    ]


def forms_of(con: "duckdb.DuckDBPyConnection", account_token: str) -> tuple[SeenAccount, ...]:
    """Return the accounts of the person that an account is now, the one that stands for the person first."""
    person = present_people(con, {account_token}).get(account_token)
    return _forms(con, {person})[person] if person else ()


def present_people(con: "duckdb.DuckDBPyConnection", account_tokens: set[str]) -> dict[str, str]:
    """Return the person that each account is now."""
    rows = con.execute(
        "select account_token, person_token from people "
        "where valid_until = timestamptz '9999-12-31 00:00:00+00' and list_contains($tokens, account_token)",
        {"tokens": sorted(account_tokens)},
    ).fetchall()
    return dict(rows)


def _kept_apart(con: "duckdb.DuckDBPyConnection") -> set[frozenset[str]]:
    """Pairs of people whom a rejection or a split holds apart, as they are now."""
    held = [one.decision for one in in_force(read_decisions(con)) if one.decision.kind in ("reject", "split")]
    now = present_people(con, {token for each in held for token in (*each.accounts, each.person) if token})
    return {
        frozenset((now[each.person], now[account]))
        for each in held
        if each.person in now
        for account in each.accounts
        if account in now
    }


def _forms(con: "duckdb.DuckDBPyConnection", people: set[str]) -> dict[str, tuple[SeenAccount, ...]]:
    forms: dict[str, list[SeenAccount]] = defaultdict(list)
    for person, *row in con.execute(_FORMS, {"people": sorted(people)}).fetchall():
        forms[person].append(SeenAccount(*row))
    return {
        person: tuple(sorted(accounts, key=lambda one: (rank_of(one.account_key), one.account_key)))
        for person, accounts in forms.items()
    }
