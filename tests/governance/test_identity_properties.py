"""Whatever comes first: the same people; what concerns others changes nobody; time has no gap."""

import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from governance.identity.resolution import Resolution, resolve
from governance.identity.rules import ALWAYS, FOR_EVER
from governance.identity.statements import Claim, Statement, kind_of
from tests.governance.identity_vault import Told, seen

KINDS = ("github", "jira", "git", "roster")
ACCOUNTS = tuple(f"{kind}:{number}" for kind in KINDS for number in range(4))
DAYS = tuple(datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=30 * step) for step in range(3))
accounts = st.sampled_from(ACCOUNTS)
groups = st.lists(accounts, min_size=2, max_size=4, unique=True).map(tuple)
claims = st.lists(
    st.builds(Claim, st.integers(1, 3), st.just("rule"), st.text("abc", min_size=1, max_size=3), groups),
    max_size=8,
)


@st.composite
def statements(draw: st.DrawFn) -> Statement:
    person, *others = draw(groups)
    start = draw(st.sampled_from((ALWAYS, *DAYS)))
    end = draw(st.sampled_from([day for day in (*DAYS, FOR_EVER) if day > start]))
    number = str(draw(st.integers(0, 99)))
    name = draw(st.sampled_from((person, person, "person:ada", "person:grace")))
    is_merge = name != person or draw(st.booleans())
    return Statement(is_merge, name, tuple(others), start, end, number)


said = st.lists(statements(), max_size=4)
bots = st.frozensets(accounts, max_size=3)


def as_people(found: Resolution, instant: datetime) -> dict[str, str]:
    """The anchor of each account at an instant."""
    return {
        span.account: span.anchor for span in found.spans if span.valid_from <= instant < span.valid_until
    }


@given(claims, said, bots, st.randoms(use_true_random=False))
@settings(max_examples=300, deadline=None)
def test_the_order_of_claims_changes_nothing(
    found: list[Claim], told: list[Statement], machines: frozenset[str], chance: random.Random
) -> None:
    shuffled = [
        Claim(one.level, one.rule, one.text, tuple(chance.sample(one.accounts, len(one.accounts))))
        for one in chance.sample(found, len(found))
    ]
    assert resolve(shuffled, told, bots=machines) == resolve(found, told, bots=machines)


@given(claims, said, bots)
@settings(max_examples=300, deadline=None)
def test_every_account_is_somebody_at_any_time_and_no_bot_is_a_human(
    found: list[Claim], told: list[Statement], machines: frozenset[str]
) -> None:
    resolution = resolve(found, told, bots=machines)
    by_account: dict[str, list[Any]] = {}
    for span in resolution.spans:
        by_account.setdefault(span.account, []).append(span)
    for spans in by_account.values():
        assert (spans[0].valid_from, spans[-1].valid_until) == (ALWAYS, FOR_EVER)
        for before, after in pairwise(spans):
            assert before.valid_until == after.valid_from
            assert before.anchor != after.anchor
    for instant in (ALWAYS, *DAYS):
        people = as_people(resolution, instant)
        for anchor in set(people.values()):
            members = {account for account, held in people.items() if held == anchor}
            assert not members & machines or members <= machines


@given(claims, bots)
@settings(max_examples=300, deadline=None)
def test_rules_alone_give_a_person_one_account_of_each_system(
    found: list[Claim], machines: frozenset[str]
) -> None:
    people = as_people(resolve(found, [], bots=machines), ALWAYS)
    held = [(anchor, kind_of(account)) for account, anchor in people.items() if kind_of(account) != "git"]
    assert len(held) == len(set(held))


@given(claims, said, bots)
@settings(max_examples=200, deadline=None)
def test_what_is_known_of_others_changes_nobody(
    found: list[Claim], told: list[Statement], machines: frozenset[str]
) -> None:
    alone = resolve(found, told, bots=machines)
    others = [
        Claim(1, "rule", "x", ("pagerduty:1", "datadog:1")),
        Claim(3, "rule", "y", ("datadog:1", "scim:1")),
    ]
    merge = Statement(True, "scim:1", ("pagerduty:2",), source="0")  # noqa: FBT003
    both = resolve([*found, *others], [merge, *told], bots=machines)
    known = {span.account for span in alone.spans}
    assert tuple(span for span in both.spans if span.account in known) == alone.spans


@given(claims, said, statements(), bots)
@settings(max_examples=200, deadline=None)
def test_a_statement_touches_only_whom_it_can_reach(
    found: list[Claim], told: list[Statement], more: Statement, machines: frozenset[str]
) -> None:
    """Accounts that neither the statement nor any claim or statement connects with it keep their tokens."""
    reach = set(more.members)
    edges = [set(one.accounts) for one in found] + [set(one.members) for one in told]
    while any(edge & reach and not edge <= reach for edge in edges):
        reach |= set().union(*(edge for edge in edges if edge & reach))
    before, after = (resolve(found, each, bots=machines) for each in (told, [more, *told]))
    assert [span for span in before.spans if span.account not in reach] == [
        span for span in after.spans if span.account not in reach
    ]


SIGHTINGS = [
    seen(key, email=email, login=login, first_seen_log_index=index)
    for index, (key, email, login) in enumerate(
        (key, email, login)
        for key in ("jira:1", "jira:2", "github:7", "github:8", "roster:1", "codeowners:ada")
        for email in (None, "ada@acme.test", "grace@acme.test")
        for login in ("ada", "ci-bot")
    )
] + [
    seen(f"git:{address}", first_seen_log_index=50)
    for address in (
        "ada@acme.test",
        "grace@acme.test",
        "7+ada@users.noreply.github.com",
        "ada@users.noreply.github.com",
    )
]


@given(st.lists(st.sampled_from(SIGHTINGS), min_size=4, max_size=12), st.randoms(use_true_random=False))
@settings(max_examples=12, deadline=None)
def test_filling_in_any_order_and_any_portions_ends_in_the_same_people(
    rows: list[dict[str, Any]], chance: random.Random
) -> None:
    with TemporaryDirectory() as folder:
        whole, parts = Told(Path(folder) / "whole.duckdb"), Told(Path(folder) / "parts.duckdb")
        whole.see(*rows)
        shuffled = chance.sample(rows, len(rows))
        cut = chance.randrange(1, len(rows))
        parts.see(*shuffled[:cut])
        parts.see(*shuffled[cut:], *shuffled[: cut // 2])
        assert parts.rows() == whole.rows()
