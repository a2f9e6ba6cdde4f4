"""The people of one group of accounts at one time: what was said is followed, then the rules are applied."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from governance.identity.components import Components
from governance.identity.statements import Claim, Problem, Statement, is_name, kind_of

SHARED_BY_NATURE = frozenset({"git", "circleci", "codeowners", "alertmanager"})
"""Kinds of which one person may well have several accounts: addresses, and names in two spellings."""


class StandingPeople:
    """The people of one group of accounts during one span."""

    def __init__(self, accounts: Sequence[str], bots: frozenset[str], problems: set[Problem]) -> None:
        self._bots = bots
        self._problems = problems
        self._joined = Components(accounts)
        self._names: dict[str, str] = {}
        self._first_of: dict[str, str] = {}
        self._splits: list[Statement] = []

    def groups(self) -> list[list[str]]:
        """Return the accounts of each person."""
        return self._joined.groups()

    def name_of(self, account: str) -> str | None:
        """Return the person of the settings that an account belongs to."""
        return self._names.get(self._joined.root(account))

    def follow(self, statements: Iterable[Statement]) -> None:
        """Do what people said, the strongest first."""
        for statement in statements:
            if not statement.is_merge:
                self._split(statement)
            elif is_name(statement.person):
                self._map(statement)
            else:
                self._merge(statement)

    def apply(self, claims: Sequence[Claim]) -> None:
        """Apply the rules level by level; what a level says about a group is applied whole or not at all."""
        by_level: dict[int, list[tuple[Claim, list[str]]]] = defaultdict(list)
        for claim in claims:
            for accounts in self._divided(claim.accounts):
                if len(accounts) > 1 and not self._is_void(claim, accounts):
                    by_level[claim.level].append((claim, accounts))
        for level in sorted(by_level):
            self._apply_level(by_level[level])

    def _split(self, statement: Statement) -> None:
        self._splits.append(statement)
        if any(self._joined.root(one) == self._joined.root(statement.person) for one in statement.accounts):
            self._report(f"{_source(statement)} contradicts a stronger one", *statement.members)
        first, *others = statement.accounts
        for account in others:
            self._join(first, account, statement)

    def _map(self, statement: Statement) -> None:
        for account in statement.accounts:
            held = self.name_of(account)
            if held not in (None, statement.person):
                self._report("the settings give it to two people", account)
            elif account in self._bots:
                self._report("a bot cannot be a person of the settings", account)
            else:
                first = self._first_of.setdefault(statement.person, account)
                self._joined.join([first, account])
                self._names[self._joined.root(account)] = statement.person

    def _merge(self, statement: Statement) -> None:
        for account in statement.accounts:
            self._join(statement.person, account, statement)

    def _join(self, left: str, right: str, statement: Statement) -> None:
        if (left in self._bots) != (right in self._bots):
            self._report(f"{_source(statement)} would join a bot and a human", left, right)
        elif self._is_fenced(left, right) or self._crosses([left, right]):
            self._report(f"{_source(statement)} contradicts a stronger one", left, right)
        else:
            self._unite([left, right])

    def _is_fenced(self, left: str, right: str) -> bool:
        """Whether a split that stands above has one of them on the inside and the other on the outside."""
        return any((left in split.accounts) != (right in split.accounts) for split in self._splits)

    def _unite(self, accounts: Sequence[str]) -> None:
        names = [name for name in map(self.name_of, accounts) if name]
        self._joined.join(accounts)
        if names:
            self._names[self._joined.root(accounts[0])] = names[0]

    def _divided(self, accounts: Iterable[str]) -> list[list[str]]:
        """Divide accounts where no rule may join them: at bots, and around what was split off."""
        parts: dict[tuple[bool, ...], list[str]] = defaultdict(list)
        for account in accounts:
            fences = (account in split.accounts for split in self._splits)
            parts[(account in self._bots, *fences)].append(account)
        return list(parts.values())

    def _is_void(self, claim: Claim, accounts: Sequence[str]) -> bool:
        """Whether two accounts of one system say the same: then it tells nobody apart."""
        if not self._doubled(accounts):
            return False
        self._report(f"two accounts of one system share the same {claim.rule}", *accounts)
        return True

    def _apply_level(self, claims: Sequence[tuple[Claim, list[str]]]) -> None:
        wanted = Components()
        for _, accounts in claims:
            wanted.join([self._joined.root(account) for account in accounts])
        for roots in wanted.groups():
            if self._crosses(roots) or self._doubled(roots):
                rules = sorted({claim.rule for claim, held in claims if self._joined.root(held[0]) in roots})
                members = [member for root in roots for member in self._joined.members(root)]
                self._report(f"{' and '.join(rules)} would join what must stay apart", *members)
            else:
                self._unite(roots)

    def _crosses(self, accounts: Sequence[str]) -> bool:
        """Whether joining accounts would join two people of the settings or two sides of a split."""
        if len({name for name in map(self.name_of, accounts) if name}) > 1:
            return True
        roots = {self._joined.root(account) for account in accounts}
        return any(self._separates(split, roots) for split in self._splits)

    def _separates(self, split: Statement, roots: set[str]) -> bool:
        person = self._joined.root(split.person)
        inside = {self._joined.root(account) for account in split.accounts}
        return person in roots and bool((inside - {person}) & roots)

    def _doubled(self, accounts: Sequence[str]) -> bool:
        """Whether two different people among the accounts have an account of one system each."""
        seen: dict[str, str] = {}
        for root in {self._joined.root(account) for account in accounts}:
            for kind in {kind_of(member) for member in self._joined.members(root)} - SHARED_BY_NATURE:
                if seen.setdefault(kind, root) != root:
                    return True
        return False

    def _report(self, reason: str, *accounts: str) -> None:
        self._problems.add(Problem(reason, tuple(sorted(accounts))))


def _source(statement: Statement) -> str:
    return "the mapping in the settings" if statement.source == "settings" else f"decision {statement.source}"
