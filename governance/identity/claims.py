"""What the rules know: the accounts that say the same of themselves, level by level.

1. A no-reply address that holds the number of an account; a commit that GitHub itself attributes to an
   account; two accounts that one record of a directory names as one person's.
2. A login: in a no-reply address of the old form, or in a CODEOWNERS file, where exactly one account that
   was ever seen has it.
3. An e-mail address that systems vouch for. An address that more people use, that nobody reads, or that
   cannot be delivered says nothing.

No rule reads a display name.
"""

import re
from typing import TYPE_CHECKING

from governance.identity.rules import IdentityRules
from governance.identity.statements import Claim

if TYPE_CHECKING:
    import duckdb

NOBODYS = r"^(no-?reply|do-?not-?reply|noreply\+.*|mailer-daemon|postmaster|root|nobody)$"
"""Local parts of addresses that no one person reads."""
UNDELIVERABLE = r"(^|\.)(invalid|local|localdomain|localhost|internal|lan)$"
"""Ends of domains that no mail reaches: what a computer calls itself."""

ADDRESSES = """
create or replace temp table identity_addresses as
with seen as (
    select account_key, kind, lower(trim(email)) as address, min(first_seen_log_index) as first_seen_log_index
    from sightings where email is not null group by all
    union
    select account_key, kind, substr(account_key, 5), min(first_seen_log_index)
    from sightings where kind = 'git' group by all
),
parts as (
    select distinct account_key, kind, address, regexp_extract(address, '^(.*)@[^@]+$', 1) as local_part,
        regexp_extract(address, '@([^@]+)$', 1) as domain
    from seen
)
select account_key, kind, address, local_part, domain,
    list_contains($noreply_hosts, domain) or starts_with(domain, 'users.noreply.') as is_noreply,
    regexp_full_match(address, '[^@\\s]+@[^@\\s]+\\.[^@\\s]+')
        and not regexp_matches(local_part, $nobodys) and not regexp_matches(domain, $undeliverable)
        and len(list_filter($shared, lambda pattern: regexp_full_match(address, pattern))) = 0 as is_personal
from parts
"""

_CLAIMS = """
with noreply as (
    select a.account_key, h.noreply_kind,
        case h.noreply_kind
            when 'github' then regexp_extract(a.local_part, '^([0-9]+)[+].+$', 1)
            when 'gitlab' then regexp_extract(a.local_part, '^([0-9]+)-.+$', 1)
        end as number,
        case when h.noreply_kind = 'github' and not contains(a.local_part, '+') then a.local_part end as login
    from identity_addresses as a
    inner join (select unnest($noreply_hosts) as domain, unnest($noreply_kinds) as noreply_kind) as h
        using (domain)
    where a.kind = 'git'
),
logins as (
    select lower(trim(login)) as login, kind, min(account_key) as account_key
    from sightings where login is not null and list_contains(['github', 'gitlab'], kind)
    group by all having count(distinct account_key) = 1
),
login_of_files as (
    select s.account_key, min(l.account_key) as named_key
    from (
        select distinct account_key, lower(trim(login)) as login from sightings where kind = 'codeowners'
    ) as s
    inner join logins as l on l.login = s.login
    where list_contains($codeowners_of, l.kind)
    group by s.account_key having count(*) = 1
),
named as (
    select 1 as level, 'no-reply address' as rule, account_key, noreply_kind || ':' || number as named_key
    from noreply where number <> ''
    union all
    select 1, 'directory', account_key, stated_key from stated_links
    union all
    select 2, 'login', n.account_key, l.account_key
    from noreply as n inner join logins as l on l.login = n.login and l.kind = n.noreply_kind
    union all
    select 2, 'login', account_key, named_key from login_of_files
),
claimed as (
    select level, rule, account_key, 'account ' || named_key as claim from named
    union
    select n.level, n.rule, s.account_key, 'account ' || n.named_key
    from named as n
    inner join (select distinct account_key from sightings) as s on s.account_key = n.named_key
    union
    select 1, 'commit attribution', account_key, 'address ' || address
    from identity_addresses where kind in ('github', 'git') and is_personal
    union
    select 3, 'e-mail address', account_key, 'address ' || address
    from identity_addresses
    where (kind = 'git' or list_contains($email_from, kind)) and is_personal and not is_noreply
)
select level, rule, claim, list(account_key order by account_key) as accounts
from claimed group by all having count(*) > 1 order by all
"""


def write_addresses(con: "duckdb.DuckDBPyConnection", rules: IdentityRules) -> None:
    """Write the temporary table `identity_addresses`: each address of each account, and what it is worth."""
    con.execute(
        ADDRESSES,
        {
            "noreply_hosts": sorted(rules.noreply_hosts),
            "nobodys": NOBODYS,
            "undeliverable": UNDELIVERABLE,
            "shared": [_pattern(text) for text in rules.shared_mailboxes],
        },
    )


def find_claims(con: "duckdb.DuckDBPyConnection", rules: IdentityRules) -> list[Claim]:
    """Return what at least two accounts say alike; call `write_addresses` before.

    Args:
        con: The vault.
        rules: What the settings say.
    """
    hosts = sorted(rules.noreply_hosts.items())
    rows = con.execute(
        _CLAIMS,
        {
            "noreply_hosts": [host for host, _ in hosts],
            "noreply_kinds": [kind for _, kind in hosts],
            "codeowners_of": list(rules.codeowners_of),
            "email_from": list(rules.email_from),
        },
    ).fetchall()
    return [Claim(level, rule, text, tuple(accounts)) for level, rule, text, accounts in rows]


def _pattern(shared: str) -> str:
    """Turn an address, in which * stands for anything, into an expression of RE2."""
    return ".*".join(re.escape(part) for part in shared.strip().lower().split("*"))
