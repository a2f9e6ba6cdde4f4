"""Plain selectors of PromQL, such as `http_requests_total{service="checkout"}`: what they ask of labels."""

import re
from dataclasses import dataclass
from typing import Final, get_args

from orchestration.slos.definitions import Matcher

_NAME: Final = "__name__"
_SELECTOR = re.compile(r"\s*(?P<name>[a-zA-Z_:][\w:]*)?\s*(?:\{(?P<inside>.*)\})?\s*", re.DOTALL)
_MATCHER = re.compile(
    r'\s*(?P<label>[a-zA-Z_]\w*)\s*(?P<operator>=~|!~|!=|=)\s*(?P<quote>["\'])'
    r"(?P<value>(?:[^\"'\\]|\\.)*)(?P=quote)\s*(?:,|$)"
)
_ESCAPED = re.compile(r"\\(.)")
_OPERATORS = {operator: operator for operator in get_args(Matcher.__annotations__["operator"])}


@dataclass(frozen=True, slots=True)
class Selector:
    """A plain selector: every matcher must hold; the metric's name is one."""

    matchers: frozenset[Matcher]

    def narrows(self, other: "Selector") -> bool:
        """Whether it asks for all that the other asks for: it finds no series that the other does not."""
        return other.matchers <= self.matchers


def read_selector(query: str) -> Selector | None:
    """Read a query; None where it is more than a plain selector."""
    match = _SELECTOR.fullmatch(query)
    if match is None or not (match["name"] or match["inside"]):
        return None
    matchers = {Matcher(_NAME, "=", match["name"])} if match["name"] else set()
    at, inside = 0, match["inside"] or ""
    while inside[at:].strip():
        found = _MATCHER.match(inside, at)
        if found is None:
            return None
        value = _ESCAPED.sub(r"\1", found["value"]) if found["operator"] in ("=", "!=") else found["value"]
        matchers.add(Matcher(found["label"], _OPERATORS[found["operator"]], value.replace("\\\\", "\\")))
        at = found.end()
    return Selector(frozenset(matchers))


def same_text(one: str, other: str) -> bool:
    """Whether two queries differ in nothing but white space."""
    return one.split() == other.split()
