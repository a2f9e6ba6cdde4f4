"""Which accounts are one person's, and when: a function of what is known and decided, whatever came first.

What a person says stands above what a rule finds: mappings of the settings first, then decisions from the
newest to the oldest, then the rules, level by level. Rules join nothing that would put two accounts of one
system, two people of the settings or two sides of a split into one person: all that a level says about such
a group is set aside and reported. Bots and humans are never joined.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from governance.identity.components import Components
from governance.identity.rules import ALWAYS, FOR_EVER
from governance.identity.standing import SHARED_BY_NATURE, StandingPeople
from governance.identity.statements import Claim, Problem, Statement, is_name, kind_of

ANCHORS = ("roster", "scim", "github", "gitlab", "jira")
"""Kinds whose account stands for the person if there is one, best first; then all others, then these:"""
LAST_ANCHORS = ("alertmanager", "codeowners", "git")


@dataclass(frozen=True, slots=True)
class Span:
    """Whose an account was for a time; `anchor` is the account or name that stands for the person."""

    account: str
    anchor: str
    valid_from: datetime
    valid_until: datetime


@dataclass(frozen=True, slots=True)
class Resolution:
    """Spans of every account that anything is known of, and what was not followed."""

    spans: tuple[Span, ...]
    problems: tuple[Problem, ...]


@dataclass(slots=True)
class _Group:
    """Accounts that anything at all may join, with all that is said and claimed of them."""

    accounts: list[str]
    statements: list[Statement] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)


def resolve(claims: Iterable[Claim], statements: Sequence[Statement], *, bots: frozenset[str]) -> Resolution:
    """Resolve accounts to people.

    Args:
        claims: What the rules know.
        statements: What people said, the strongest first.
        bots: Keys of the accounts that are bots.
    """
    spans: list[Span] = []
    problems: set[Problem] = set()
    for group in _groups(list(claims), statements):
        if _is_plain(group, bots):
            anchor = _anchor(group.accounts, None, frozenset())
            spans.extend(Span(account, anchor, ALWAYS, FOR_EVER) for account in group.accounts)
        else:
            spans.extend(_merged(_spans(group, bots, problems)))
    ordered = sorted(spans, key=lambda span: (span.account, span.valid_from))
    return Resolution(tuple(ordered), tuple(sorted(problems, key=lambda one: (one.reason, one.accounts))))


def _is_plain(group: _Group, bots: frozenset[str]) -> bool:
    """Whether nothing can hold a group's accounts apart: nobody spoke, no bot, no system twice."""
    if group.statements or not bots.isdisjoint(group.accounts):
        return False
    kinds = [kind for account in group.accounts if (kind := kind_of(account)) not in SHARED_BY_NATURE]
    return len(kinds) == len(set(kinds))


def _groups(claims: list[Claim], statements: Sequence[Statement]) -> Iterator[_Group]:
    all_of = Components()
    for claim in claims:
        all_of.join(claim.accounts)
    for statement in statements:
        all_of.join(statement.members)
    groups: dict[str, _Group] = {}
    for members in all_of.groups():
        groups[all_of.root(members[0])] = _Group([one for one in members if not is_name(one)])
    for statement in statements:
        groups[all_of.root(statement.person)].statements.append(statement)
    for claim in sorted(claims, key=lambda one: (one.level, one.rule, one.text)):
        groups[all_of.root(claim.accounts[0])].claims.append(claim)
    yield from groups.values()


def _spans(group: _Group, bots: frozenset[str], problems: set[Problem]) -> Iterator[Span]:
    dated = [statement for statement in group.statements if statement.is_dated]
    movers = frozenset(account for statement in dated for account in statement.accounts)
    edges = {ALWAYS, FOR_EVER, *(edge for one in dated for edge in (one.valid_from, one.valid_until))}
    ordered = sorted(edges)
    for start, end in pairwise(ordered):
        standing = [one for one in group.statements if one.valid_from <= start < one.valid_until]
        people = StandingPeople(group.accounts, bots, problems)
        people.follow(standing)
        people.apply(group.claims)
        for members in people.groups():
            anchor = _anchor(members, people.name_of(members[0]), movers)
            yield from (Span(account, anchor, start, end) for account in members)


def _merged(spans: Iterable[Span]) -> Iterator[Span]:
    """Put spans together that follow each other and say the same."""
    last: Span | None = None
    for span in sorted(spans, key=lambda one: (one.account, one.valid_from)):
        if last and (last.account, last.anchor) == (span.account, span.anchor):
            last = Span(last.account, last.anchor, last.valid_from, span.valid_until)
            continue
        if last:
            yield last
        last = span
    if last:
        yield last


def _anchor(members: Sequence[str], name: str | None, movers: frozenset[str]) -> str:
    """Choose who stands for a person: whoever stayed before who came for a time, then the best kind."""
    return name or min(members, key=lambda account: (account in movers, rank_of(account), account))


def rank_of(account: str) -> int:
    """Return the place of an account's kind among those that stand for a person; 0 is the best."""
    kind = kind_of(account)
    if kind in ANCHORS:
        return ANCHORS.index(kind)
    return len(ANCHORS) + 1 + LAST_ANCHORS.index(kind) if kind in LAST_ANCHORS else len(ANCHORS)
