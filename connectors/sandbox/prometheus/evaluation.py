"""PromQL as far as this simulation speaks it: plain selectors, evaluated at the steps of a range.

As in Prometheus 2, the value at an instant is the newest sample of the five minutes before it, ends included.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from connectors.sandbox.prometheus.series import SCRAPE_SECONDS, Series
from connectors.sandbox.prometheus.traffic import Instants

LOOKBACK_SECONDS = 300
_SELECTOR = re.compile(r"\s*(?P<name>[a-zA-Z_:][\w:]*)?\s*(?:\{(?P<matchers>.*)\})?\s*", re.DOTALL)
_MATCHER = re.compile(
    r'\s*(?P<label>[a-zA-Z_]\w*)\s*(?P<operator>=~|!~|!=|=)\s*"(?P<value>[^"\\]*)"\s*(?:,|$)'
)


class UnsupportedQueryError(Exception):
    """The query is not a plain selector."""


@dataclass(frozen=True, slots=True)
class Matcher:
    """What a label must be."""

    label: str
    operator: str
    value: str

    def holds(self, labels: dict[str, str]) -> bool:
        """Whether labels meet it; an absent label is empty."""
        found = labels.get(self.label, "")
        if self.operator in ("=", "!="):
            is_met = found == self.value
        else:
            is_met = re.fullmatch(self.value, found) is not None
        return is_met is not self.operator.startswith("!")


def matchers_of(query: str) -> list[Matcher]:
    """What a selector asks of labels.

    Raises:
        UnsupportedQueryError: It is something else than a selector.
    """
    match = _SELECTOR.fullmatch(query)
    if match is None or not (match["name"] or match["matchers"]):
        raise UnsupportedQueryError(query)
    named = [Matcher("__name__", "=", match["name"])] if match["name"] else []
    return [*named, *_inside_braces(match["matchers"] or "")]


def evaluate(series: Iterable[Series], query: str, instants: Instants) -> list[dict[str, Any]]:
    """The matrix that a range query gives, as JSON values.

    Raises:
        UnsupportedQueryError: The query is something else than a selector.
    """
    matchers = matchers_of(query)
    result = []
    for one in series:
        metric = one.metric
        if not all(matcher.holds(metric) for matcher in matchers):
            continue
        sampled, found = newest_samples(one, instants)
        if found.any():
            texts = map(str, one.values(sampled[found]).tolist())
            values = [list(pair) for pair in zip(instants[found].tolist(), texts, strict=True)]
            result.append({"metric": metric, "values": values})
    return sorted(result, key=lambda row: tuple(row["metric"].items()))


def newest_samples(series: Series, instants: Instants) -> tuple[Instants, Any]:
    """The instant of scraping whose sample counts at each instant, and whether there is one."""
    latest = instants - instants % SCRAPE_SECONDS
    sampled = latest.copy()
    found = np.zeros(len(instants), dtype=np.bool_)
    for scrapes_back in range(LOOKBACK_SECONDS // SCRAPE_SECONDS + 1):
        candidates = latest - scrapes_back * SCRAPE_SECONDS
        is_new = ~found & (instants - candidates <= LOOKBACK_SECONDS)
        is_new[is_new] = series.is_present(candidates[is_new])
        sampled[is_new] = candidates[is_new]
        found |= is_new
        if found.all():
            break
    return sampled, found


def _inside_braces(text: str) -> Iterator[Matcher]:
    at = 0
    while text[at:].strip():
        match = _MATCHER.match(text, at)
        if match is None:
            raise UnsupportedQueryError(text)
        yield Matcher(match["label"], match["operator"], match["value"])
        at = match.end()
