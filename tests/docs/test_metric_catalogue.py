"""One definition per metric: complete, consistent, the same in the page; each rule shown red by a fault."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.docs import metrics_page
from tests.docs.metric_catalogue import AUDIENCES, REQUIRED, WORDS, defined_metrics, problems

Meta = dict[str, Any]
NAME = "deployment_frequency"


def planted(fault: Callable[[dict[str, Any]], object], name: str = NAME) -> list[dict[str, Any]]:
    """The definitions with one of them changed."""
    metrics = defined_metrics()
    fault(next(metric for metric in metrics if metric["name"] == name))
    return metrics


def test_every_metric_says_all_that_the_catalogue_asks_for() -> None:
    metrics = defined_metrics()
    assert len(metrics) > 50
    assert problems(metrics) == []


def test_every_word_of_the_catalogue_is_in_use_or_reserved_for_the_gate() -> None:
    metas = [metric["config"]["meta"] for metric in defined_metrics()]
    reserved = {"exploratory", "certified", "incentive", "approximate"}
    for field, words in WORDS.items():
        assert {meta[field] for meta in metas} >= words - reserved, field
    assert {each for meta in metas for each in meta["audience"]} == AUDIENCES


@pytest.mark.parametrize("field", sorted(REQUIRED))
def test_a_metric_that_misses_a_field_is_named(field: str) -> None:
    metrics = planted(lambda metric: metric["config"]["meta"].pop(field))
    assert f"{NAME} lacks {field}" in problems(metrics)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"counter_metrics": ["velocity"]}, "names the counter-metric velocity, which nothing defines"),
        ({"counter_metrics": []}, "names no counter-metric"),
        ({"counter_metrics": [NAME]}, "names itself as its counter-metric"),
        (
            {"tier": "gold"},
            "has the tier 'gold'; it is one of certified, exploratory, incentive, operational",
        ),
        ({"direction": "up"}, "has the direction 'up'; it is one of higher_is_better, lower_is_better"),
        ({"indicator": "both"}, "has the indicator 'both'; it is one of lagging, leading"),
        ({"work_stage": "x"}, "has the work_stage 'x'; it is one of build, deliver, operate, plan, review"),
        (
            {"audience": ["everybody"]},
            f"is for ['everybody']; an audience is one of {', '.join(sorted(AUDIENCES))}",
        ),
        ({"owner": ""}, "has no owner"),
        ({"distortions": " "}, "has no distortions"),
        ({"minimum_n": -1}, "has the minimum_n -1; it is a whole number from 0"),
        ({"version": "1"}, "has the version '1'; it is a whole number from 1"),
        ({"review_by": None}, "has the review_by None; it is a quoted day such as '2027-06-30'"),
        ({"retire_on": "soon"}, "has the retire_on 'soon'; it is a quoted day such as '2027-06-30'"),
        ({"retire_on": "2027-01-01"}, "is retired before it is reviewed"),
        ({"tier": "certified", "exactness": "approximate"}, "is of tier certified and not exact"),
        ({"unit": "ratio"}, "compares shares of any number of facts; give it a minimum_n"),
        ({"colour": "red"}, "has colour, which nothing reads"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_faulty_definition_is_told(changes: Meta, problem: str) -> None:
    metrics = planted(lambda metric: metric["config"]["meta"].update(changes))
    assert f"{NAME} {problem}" in problems(metrics)


def test_words_taken_over_from_another_metric_are_told() -> None:
    first = next(metric for metric in defined_metrics() if metric["name"] == NAME)["config"]["meta"]
    metrics = planted(lambda metric: metric["config"]["meta"].update(first), "throughput")
    told = problems(metrics)
    assert {f"{name} has the distortions of another metric" for name in (NAME, "throughput")} <= set(told)


def test_a_metric_that_is_defined_twice_or_without_a_title_is_told() -> None:
    metrics = planted(lambda metric: metric.update(name="throughput"))
    assert "throughput is defined 2 times" in problems(metrics)
    assert f"{NAME} has no label" in problems(planted(lambda metric: metric.pop("label")))


@pytest.mark.parametrize(
    "changes",
    [{"distortions": "None."}, {"audience": ["teams"]}, {"minimum_n": 7}, {"retire_on": "2028-01-01"}],
    ids=str,
)
def test_the_page_goes_stale_with_a_definition(changes: Meta) -> None:
    metrics = planted(lambda metric: metric["config"]["meta"].update(changes))
    by_file = metrics_page.definitions()
    for document in by_file.values():
        names = {metric["name"] for metric in document["metrics"]}
        document["metrics"] = [metric for metric in metrics if metric["name"] in names]
    page = metrics_page.PAGE.read_text(encoding="utf-8")
    assert metrics_page.generated() in page
    assert metrics_page.generated(by_file) not in page
