"""The part of JQL that listings need, read as Jira reads it: in an account's time zone, in whole minutes."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from connectors.sandbox.jira.documents import ZONE
from connectors.sandbox.jira.state import Issue, JiraState

MINUTE = 60_000
_CLAUSE = re.compile(
    r"(?P<field>\w+)\s*(?P<operator>>=|<=|>|<|=|in)\s*(?P<value>\([^)]*\)|\"[^\"]*\"|'[^']*'|[^\s]+)",
    re.IGNORECASE,
)
_ORDER = re.compile(r"\s*\border\s+by\s+(?P<terms>.+)$", re.IGNORECASE)
_AND = re.compile(r"\s+and\s+", re.IGNORECASE)
_DATE_FORMS = ("%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M", "%Y-%m-%d", "%Y/%m/%d")

Test = Callable[[Issue], bool]


class JqlError(Exception):
    """The query cannot be answered: the text says why, as Jira words it."""


@dataclass(frozen=True, slots=True)
class Query:
    """A query, taken apart.

    Attributes:
        tests: What an issue must meet.
        order: Fields to sort by, ascending.
    """

    tests: tuple[Test, ...]
    order: tuple[str, ...]


def parse(text: str, state: JiraState, *, updated: Callable[[Issue], int]) -> Query:
    """Read a query.

    Args:
        text: The query.
        state: Knows the projects.
        updated: The last update by which an issue is found.

    Raises:
        JqlError: It is not understood, names an unknown project, or is not bounded.
    """
    order = _ORDER.search(text)
    terms = order["terms"].split(",") if order else ["key asc"]
    where = (text[: order.start()] if order else text).strip()
    if not where:
        raise JqlError(
            "Unbounded JQL queries are not allowed here. Please add a search restriction to your query."
        )
    tests = tuple(_test(clause, state, updated) for clause in _AND.split(where))
    return Query(tests, tuple(_order(terms)))


def _order(terms: list[str]) -> Iterator[str]:
    for term in terms:
        name, _, direction = term.strip().lower().partition(" ")
        if name not in ("updated", "key", "id", "created") or direction.strip() not in ("", "asc"):
            raise JqlError(f"Not able to sort using field '{term.strip()}'.")
        yield name


def _test(clause: str, state: JiraState, updated: Callable[[Issue], int]) -> Test:
    found = _CLAUSE.fullmatch(clause.strip())
    if found is None:
        raise JqlError(f"Error in the JQL Query: '{clause.strip()}' is not understood.")
    name, operator, value = found["field"].lower(), found["operator"].lower(), found["value"]
    if name in ("updated", "created"):
        at = updated if name == "updated" else _created
        return _compared(name, operator, _instant(value), at)
    values = {each.strip().strip("\"'") for each in value.strip("()").split(",")}
    if name == "project" and operator in ("=", "in"):
        known = {key for row in state.projects.values() for key in (row.key, str(row.id))}
        for each in sorted(values - known):
            raise JqlError(f"The value '{each}' does not exist for the field 'project'.")
        return lambda issue: bool(values & {issue.project.key, str(issue.project.id)})
    if name in ("id", "key") and operator in ("=", "in"):
        return lambda issue: bool(values & {issue.key, str(issue.id)})
    raise JqlError(f"Field '{name}' does not exist or you do not have permission to view it.")


def _created(issue: Issue) -> int:
    return issue.created_at


def _compared(name: str, operator: str, instant: int, at: Callable[[Issue], int]) -> Test:
    """Instants are compared in whole minutes."""
    compare: dict[str, Callable[[int], bool]] = {
        ">=": lambda found: found >= instant,
        ">": lambda found: found >= instant + MINUTE,
        "<": lambda found: found < instant,
        "<=": lambda found: found < instant + MINUTE,
    }
    if operator not in compare:
        raise JqlError(f"The operator '{operator}' is not supported by the '{name}' field.")
    return lambda issue: compare[operator](at(issue))


def _instant(value: str) -> int:
    """Epoch milliseconds as they are; a date in the account's time zone. Both are cut to the minute."""
    text = value.strip("\"'")
    if text.isdigit():
        return int(text) // MINUTE * MINUTE
    for form in _DATE_FORMS:
        try:
            moment = datetime.strptime(text, form).replace(tzinfo=ZONE)
        except ValueError:
            continue
        return int(moment.timestamp() * 1000)
    raise JqlError(f"Date value '{text}' for field 'updated' is invalid.")
