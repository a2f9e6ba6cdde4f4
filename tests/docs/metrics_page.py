"""The generated part of docs/metrics.md; `python -m tests.docs.metrics_page` writes it anew."""

import re
from collections.abc import Iterator
from typing import Any

from tests.docs.metric_catalogue import documents
from tests.docs.pages import ROOT

PAGE = ROOT / "docs" / "metrics.md"
BEGIN = "<!-- generated from dbt_project/models/semantic by `python -m tests.docs.metrics_page` -->\n"
END = "<!-- end of the generated part -->\n"
_DIMENSION = re.compile(r"\{\{ Dimension\('\w+?__(\w+)'\) \}\}")
_FILES = ("deployments", "changes", "pull_requests", "change_failures")
_AGGREGATIONS = {"count": "number of", "count_distinct": "number of different", "median": "median of"}
_INTERVALS = {"poisson": "exact Poisson", "wilson": "Wilson", "order_statistic": "order statistics"}

_INDICATORS = {"leading": "early (leading)", "lagging": "afterwards (lagging)"}
_COMPARISONS = {
    "absolute": "as it is",
    "normalized": "by exposure only: per engineer or per service",
    "none": "never between scopes",
}


def generated(by_file: dict[str, Any] | None = None) -> str:
    """The part as it should stand in the page, of these definitions or of those in the tree."""
    by_file = definitions() if by_file is None else by_file
    metrics = [metric for document in by_file.values() for metric in document["metrics"]]
    models = [model for document in by_file.values() for model in document["semantic_models"]]
    named = {metric["name"]: metric for metric in metrics}
    lines = ["", "| Metric | Answers | Unit | Better |", "|---|---|---|---|"]
    lines += [_row(metric) for metric in metrics]
    for metric in metrics:
        lines += ["", *_section(metric, named, models)]
    return "\n".join([*lines, "", ""])


def page_with(part: str) -> str:
    """The whole page with this part in its place."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    return before + BEGIN + part + END + rest.partition(END)[2]


def definitions() -> dict[str, Any]:
    """The files of definitions, those of the five metrics first."""
    found = documents()
    order = sorted(found, key=lambda name: (_FILES.index(name) if name in _FILES else len(_FILES), name))
    return {name: found[name] for name in order}


def _row(metric: dict[str, Any]) -> str:
    meta = metric["config"]["meta"]
    anchor = metric["label"].lower().replace(",", "").replace(" ", "-")
    better = meta["direction"].split("_", maxsplit=1)[0]
    return f"| [`{metric['name']}`](#{anchor}) | {meta['sentence']} | {meta['unit']} | {better} |"


def _section(
    metric: dict[str, Any], named: dict[str, dict[str, Any]], models: list[dict[str, Any]]
) -> Iterator[str]:
    meta = metric["config"]["meta"]
    yield f"### {metric['label']}"
    yield ""
    yield " ".join(metric["description"].split())
    yield ""
    yield "| | |"
    yield "|---|---|"
    yield f"| name, version, profile | `{metric['name']}`, {meta['version']}, `{meta['profile']}` |"
    for name, text in _formula(metric, named, models):
        yield f"| {name} | {text} |"
    yield f"| wanted | {meta['objective']} |"
    yield f"| tells | {_INDICATORS[meta['indicator']]}, of the stage *{meta['work_stage']}* |"
    yield f"| for | {', '.join(meta['audience']).replace('_', ' ')} |"
    yield f"| can be bent | {meta['distortions']} |"
    yield f"| compared | {_COMPARISONS[meta['comparison']]} |"
    yield f"| 95 % interval | {_INTERVALS.get(meta['interval'], 'none')} |"
    yield f"| smallest n | {meta['minimum_n']} |"
    counters = ", ".join(f"`{name}`" for name in meta["counter_metrics"])
    yield f"| read beside | {counters or 'nothing'} |"
    end = f", retired on {meta['retire_on']}" if meta["retire_on"] else ""
    yield f"| tier, owner, review by | {meta['tier']}, {meta['owner']}, {meta['review_by']}{end} |"


def _formula(
    metric: dict[str, Any], named: dict[str, dict[str, Any]], models: list[dict[str, Any]]
) -> Iterator[tuple[str, str]]:
    parameters = metric["type_params"]
    if metric["type"] == "ratio":
        numerator, denominator = parameters["numerator"], parameters["denominator"]
        below = named[denominator if isinstance(denominator, str) else denominator["name"]]
        yield "numerator", f"those of them with {_filter(numerator['filter'])}"
        yield "denominator", f"`{below['name']}`"
        yield from _formula(below, named, models)
        return
    name = parameters["measure"] if isinstance(parameters["measure"], str) else parameters["measure"]["name"]
    model, measure = next((m, each) for m in models for each in m["measures"] if each["name"] == name)
    relation = re.sub(r"ref\('(\w+)'\)", r"\1", model["model"])
    percent = measure.get("agg_params", {}).get("percentile")
    kind = _AGGREGATIONS.get(measure["agg"], f"{round(100 * percent)}th percentile of" if percent else "")
    yield "measure", f"{kind} `{measure['expr']}` in `marts.{relation}`"
    yield "where", _filter(metric["filter"])
    day = measure.get("agg_time_dimension", model["defaults"]["agg_time_dimension"])
    yield "counts on", f"`{day}`"


def _filter(text: str) -> str:
    plain = _DIMENSION.sub(r"\1", " ".join(text.split()))
    return f"`{plain}`"


if __name__ == "__main__":
    PAGE.write_text(page_with(generated()), encoding="utf-8")
