"""The definitions of the metrics as they are written, and what every one of them must say."""

import copy
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any

import yaml

from tests.docs.pages import ROOT

DEFINITIONS = ROOT / "dbt_project" / "models" / "semantic"
TEXTS = ("profile", "owner", "sentence", "unit", "objective", "distortions")
WORDS = {
    "tier": {"exploratory", "operational", "certified", "incentive"},
    "direction": {"higher_is_better", "lower_is_better"},
    "comparison": {"absolute", "normalized", "none"},
    "exactness": {"exact", "approximate"},
    "interval": {"poisson", "wilson", "order_statistic", "none"},
    "indicator": {"leading", "lagging"},
    "work_stage": {"plan", "build", "review", "deliver", "operate"},
}
AUDIENCES = {"teams", "engineering_managers", "executives", "reliability_engineers", "data_stewards"}
_OTHERS = {"version", "minimum_n", "is_maturing", "audience", "counter_metrics", "review_by", "retire_on"}
REQUIRED = {*TEXTS, *WORDS, *_OTHERS}
OPTIONAL = {"reads_dispositions"}
_OWN = ("sentence", "distortions")
"""What a metric says for itself: words taken over from another one are a slip."""

Metric = Mapping[str, Any]


def documents() -> dict[str, Any]:
    """The files of definitions by their names; the caller may change what it gets."""
    return copy.deepcopy(_read())


@cache
def _read() -> dict[str, Any]:
    return {
        path.stem: yaml.safe_load(path.read_text(encoding="utf-8"))
        for path in sorted(DEFINITIONS.glob("*.yml"))
    }


def defined_metrics() -> list[dict[str, Any]]:
    """Every metric, in the order of files and definitions."""
    return [metric for document in documents().values() for metric in document["metrics"]]


def problems(metrics: Sequence[Metric]) -> list[str]:
    """What is wrong with definitions, each as a sentence that begins with the metric's name."""
    names = Counter(metric["name"] for metric in metrics)
    found = [f"{name} is defined {count} times" for name, count in names.items() if count > 1]
    for metric in metrics:
        found += [f"{metric['name']} {problem}" for problem in _of_one(metric, names)]
    for field in _OWN:
        told = Counter(metric["config"]["meta"].get(field) for metric in metrics)
        found += [
            f"{metric['name']} has the {field} of another metric"
            for metric in metrics
            if told[metric["config"]["meta"].get(field)] > 1
        ]
    return found


def _of_one(metric: Metric, names: Mapping[str, int]) -> Iterator[str]:
    meta = metric["config"]["meta"]
    yield from (f"lacks {field}" for field in sorted(REQUIRED - set(meta)))
    yield from (f"has {field}, which nothing reads" for field in sorted(set(meta) - REQUIRED - OPTIONAL))
    for field in ("label", "description"):
        if not _is_text(metric.get(field)):
            yield f"has no {field}"
    yield from (f"has no {field}" for field in TEXTS if field in meta and not _is_text(meta[field]))
    for field, words in WORDS.items():
        if field in meta and meta[field] not in words:
            yield f"has the {field} {meta[field]!r}; it is one of {', '.join(sorted(words))}"
    yield from _lists(metric, names)
    yield from _figures(meta)
    yield from _dates(meta)


def _lists(metric: Metric, names: Mapping[str, int]) -> Iterator[str]:
    meta = metric["config"]["meta"]
    audience, counters = meta.get("audience", ["teams"]), meta.get("counter_metrics", ["?"])
    if not audience or not set(audience) <= AUDIENCES:
        yield f"is for {audience}; an audience is one of {', '.join(sorted(AUDIENCES))}"
    if not counters:
        yield "names no counter-metric"
    unknown = sorted(set(counters) - set(names) - {"?"})
    yield from (f"names the counter-metric {name}, which nothing defines" for name in unknown)
    if metric["name"] in counters:
        yield "names itself as its counter-metric"


def _figures(meta: Mapping[str, Any]) -> Iterator[str]:
    for field, least in (("version", 1), ("minimum_n", 0)):
        value = meta.get(field, least)
        if type(value) is not int or value < least:
            yield f"has the {field} {value!r}; it is a whole number from {least}"
    if meta.get("tier") in ("certified", "incentive") and meta.get("exactness") != "exact":
        yield f"is of tier {meta['tier']} and not exact"
    if meta.get("comparison") != "none" and meta.get("unit") == "ratio" and not meta.get("minimum_n"):
        yield "compares shares of any number of facts; give it a minimum_n"


def _dates(meta: Mapping[str, Any]) -> Iterator[str]:
    days = {}
    for field in ("review_by", "retire_on"):
        value = meta.get(field)
        if value is None and (field == "retire_on" or field not in meta):
            continue
        try:
            days[field] = date.fromisoformat(value)
        except (TypeError, ValueError):
            yield f"has the {field} {value!r}; it is a quoted day such as '2027-06-30'"
    if len(days) > 1 and days["retire_on"] < days["review_by"]:
        yield "is retired before it is reviewed"


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())
