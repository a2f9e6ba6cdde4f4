"""Slices of service levels: what samples say, what they do not say, and how it is kept apart."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from orchestration.slos.definitions import Signal
from tests.dbt_project.slo_stories import (
    HOUR,
    MINUTE,
    START,
    SloStory,
    label,
    models_of_objectives,
    objective,
    slices,
)

COUNTS = "good_count, total_count, state"


def counted(story: SloStory, columns: str = COUNTS) -> list[tuple[Any, ...]]:
    return slices(story.build(), columns)


def test_a_slice_counts_what_the_counters_grew_by_until_its_end() -> None:
    story = SloStory([objective("good", "total")])
    story.counter("total", [10, 0, 5])
    story.counter("good", [9, 0, 5])
    told = story.build()
    assert slices(told, COUNTS) == [(9, 10, "traffic"), (0, 0, "no_traffic"), (5, 5, "traffic")]
    first = slices(told, "slice_started_at, slice_ended_at, bad_count")[0]
    assert first == (START, START + timedelta(minutes=1), 1)


def test_a_counter_that_falls_was_reset_and_counts_from_zero() -> None:
    story = SloStory([objective("bad", "total")])
    story.series("total", [100, 110, 4, 9])
    story.series("bad", [7, 8, 1, 1])
    assert counted(story) == [(9, 10, "traffic"), (3, 4, "traffic"), (5, 5, "traffic")]


def test_a_missing_scrape_is_a_gap_and_what_grew_over_it_counts_where_it_is_seen() -> None:
    story = SloStory([objective("bad", "total")])
    story.series("total", [0, 10, None, None, 40, 50])
    story.series("bad", [0, 1, None, None, 4, 5])
    columns = f"{COUNTS}, over_gap_count, sample_count"
    assert counted(story, columns) == [
        (9, 10, "traffic", 0, 2),
        (None, None, "gap", 0, 0),
        (None, None, "gap", 0, 0),
        (27, 30, "traffic", 30, 2),
        (9, 10, "traffic", 0, 2),
    ]


def test_a_reset_over_a_gap_counts_what_is_left_of_it() -> None:
    story = SloStory([objective("bad", "total")])
    story.series("total", [100, None, 30])
    story.series("bad", [50, None, 0])
    assert counted(story)[-1] == (30, 30, "traffic")


def test_several_series_add_up_each_with_its_own_resets_and_labels_choose() -> None:
    total = Signal("total", "prometheus", "prom", "requests", (label("service", "shop"),), MINUTE)
    failed = (label("code", "5..", "=~"), label("service", "shop"))
    bad = replace(total, role="bad", matchers=failed)
    story = SloStory([replace(objective(), signals=(total, bad))])
    story.series("requests", [0, 10, 5], labels={"service": "shop", "code": "200", "pod": "a"})
    story.series("requests", [0, 20, 40], labels={"service": "shop", "code": "200", "pod": "b"})
    story.series("requests", [0, 3, 3], labels={"service": "shop", "code": "503", "pod": "b"})
    story.series("requests", [0, 99, 999], labels={"service": "web", "code": "503"})
    assert counted(story) == [(30, 33, "traffic"), (25, 25, "traffic")]


@pytest.mark.parametrize(
    ("operator", "value", "expected"),
    [("=", "a", 1), ("!=", "a", 6), ("=~", "a|b", 3), ("!~", "a|b", 4), ("=", "", 4), ("=~", "", 4)],
)
def test_matchers_hold_as_in_prometheus_and_an_absent_label_is_empty(
    operator: str, value: str, expected: int
) -> None:
    total = Signal("total", "prometheus", "prom", "requests", (label("zone", value, operator),), MINUTE)
    good = Signal("good", "prometheus", "prom", "requests", (), MINUTE)
    story = SloStory([replace(objective(), signals=(total, good))])
    story.counter("requests", [1], labels={"zone": "a"})
    story.counter("requests", [2], labels={"zone": "b"})
    story.counter("requests", [4], labels={"pod": "c"})
    assert slices(story.build(), "total_count") == [(expected,)]


def test_a_counter_of_failures_that_is_not_there_yet_has_counted_nothing() -> None:
    total = Signal("total", "prometheus", "prom", "requests", (label("code", ""),), MINUTE)
    bad = Signal("bad", "prometheus", "prom", "requests", (label("code", "500"),), MINUTE)
    story = SloStory([replace(objective(), signals=(total, bad))])
    story.counter("requests", [10] * 4)
    story.series("requests", [None, None, 1, 3, None], labels={"code": "500"})
    assert counted(story) == [
        (10, 10, "traffic"),
        (10, 10, "traffic"),
        (8, 10, "traffic"),
        (None, None, "gap"),
    ]


def test_a_counter_whose_query_was_never_read_is_a_gap_and_no_perfect_service() -> None:
    story = SloStory([objective("bad", "total")])
    story.counter("total", [10, 10])
    assert {row[-1] for row in counted(story)} == {"gap"}
    read_later = SloStory([objective("bad", "total")])
    read_later.counter("total", [10, 10, 10])
    read_later.series("bad", [None, 0, 0, 1])
    assert [row[-1] for row in counted(read_later)] == ["gap", "traffic", "traffic"]


def test_more_good_events_than_events_are_cut_and_said() -> None:
    story = SloStory([objective("good", "total")])
    story.counter("total", [10])
    story.counter("good", [12])
    assert counted(story, f"{COUNTS}, has_excess") == [(10, 10, "traffic", True)]


def test_gauges_are_added_up_as_they_are_and_what_is_no_number_is_counted() -> None:
    story = SloStory([objective("good", "total", is_counter=False, slice_seconds=3 * MINUTE)])
    story.series("total", [None, "5", "2.5", "NaN", "-1", "5", "+Inf"])
    story.series("good", [None, "4", "2.5", "0", "0", "1", "0"])
    assert counted(story, f"{COUNTS}, unusable_sample_count") == [
        (Decimal("6.5"), Decimal("7.5"), "traffic", 1),
        (1, 5, "traffic", 2),
    ]


def test_a_threshold_takes_each_sample_for_good_or_bad() -> None:
    story = SloStory(
        [
            objective(
                "threshold",
                indicator_kind="threshold",
                is_counter=False,
                operator="lte",
                threshold=Decimal("0.3"),
                slice_seconds=2 * MINUTE,
            )
        ]
    )
    story.series("threshold", [None, "0.3", "0.300000001", "NaN", "NaN", "+Inf", "0", None, None])
    story.series(
        "threshold", [None, "-Inf", "1e-3", "NaN", "NaN", "NaN", "NaN", None, None], labels={"a": "b"}
    )
    story.series("other", ["0"] * 9)
    assert counted(story) == [
        (3, 4, "traffic"),
        (0, 0, "no_traffic"),
        (1, 2, "traffic"),
        (None, None, "gap"),
    ]


@pytest.mark.parametrize(("operator", "good"), [("lte", 2), ("lt", 1), ("gte", 2), ("gt", 1)])
def test_all_four_operators_compare(operator: str, good: int) -> None:
    more = {"operator": operator, "threshold": Decimal(2), "slice_seconds": 3 * MINUTE}
    story = SloStory([objective("threshold", indicator_kind="threshold", is_counter=False, **more)])
    story.series("threshold", [None, "1", "2", "3"])
    assert counted(story) == [(good, 3, "traffic")]


@pytest.mark.parametrize(("is_failure", "good"), [(False, "1.25"), (True, "0.75")])
def test_a_measured_ratio_counts_its_samples(is_failure: bool, good: str) -> None:
    more = {"is_counter": False, "is_failure_ratio": is_failure, "slice_seconds": 4 * MINUTE}
    story = SloStory([objective("raw", indicator_kind="raw", **more)])
    story.series("raw", [None, "1", "0.25", "NaN", "1.01", "NaN", "NaN", "NaN", "NaN"])
    assert counted(story, f"{COUNTS}, unusable_sample_count") == [
        (Decimal(good), 2, "traffic", 1),
        (0, 0, "no_traffic", 0),
    ]


def test_records_of_a_slice_are_those_of_its_samples_and_of_those_that_they_are_compared_with() -> None:
    story = SloStory([objective("good", "total")])
    story.series("total", [0, 1, 2, 3], record_of=lambda place: 100 + place // 2)
    story.series("good", [0, 1, 2, 3], record_of=lambda place: 200 + place // 2)
    assert counted(story, "record_ids") == [([100, 200],), ([100, 101, 200, 201],), ([101, 201],)]


def test_slices_end_with_the_last_that_the_source_covers_whole_and_lie_in_the_reported_range() -> None:
    story = SloStory([objective("good", "total", slice_seconds=5 * MINUTE)])
    story.counter("total", [1] * 18)
    story.counter("good", [1] * 18)
    assert slices(story.build(), "total_count") == [(5,), (5,), (5,)]
    story.coverage = ("03-02 00:05", "03-02 00:14")
    assert slices(story.build(), "slice_started_at") == [(START + timedelta(minutes=5),)]


def test_a_series_that_ends_leaves_gaps_as_long_as_its_source_goes_on() -> None:
    story = SloStory([objective("good", "total")])
    for role in ("good", "total"):
        story.counter(role, [1])
    story.series("up", [1] * 4)
    assert [row[-1] for row in counted(story)] == ["traffic", "gap", "gap"]


def test_events_at_datadog_are_taken_slice_by_slice() -> None:
    signals = tuple(Signal(role, "datadog", "dog", "abc") for role in ("good", "total"))
    story = SloStory([replace(objective(slice_seconds=HOUR), signals=signals)])
    times = [int((START + timedelta(minutes=30 * place)).timestamp()) * 1000 for place in range(4)]
    record = story.history(
        "abc",
        until=START + timedelta(hours=3),
        slice_starts=times,
        good_counts=[9, 10, None, 0.5],
        total_counts=[10, 10, 0, 1],
    )
    story.history(
        "another", until=START + timedelta(hours=9), slice_starts=times[:1], good_counts=[1], total_counts=[1]
    )
    assert counted(story, f"{COUNTS}, record_ids") == [
        (19, 20, "traffic", [record]),
        (Decimal("0.5"), 1, "traffic", [record]),
        (None, None, "gap", []),
    ]


def test_states_at_datadog_count_seconds_and_what_is_unknown_is_a_gap() -> None:
    signals = tuple(Signal(role, "datadog", "dog", "abc") for role in ("bad", "total"))
    story = SloStory([replace(objective(slice_seconds=HOUR), signals=signals)])
    begin = int(START.timestamp())
    changes = [[begin, 0], [begin + 1800, 1], [begin + 4500, 0], [begin + 2 * HOUR, 2]]
    story.history("abc", kind="monitor", until=START + timedelta(hours=3), state_changes=changes)
    assert counted(story) == [(1800, 3600, "traffic"), (2700, 3600, "traffic"), (None, None, "gap")]


@pytest.mark.parametrize(("kind", "good"), [("raw", Decimal("0.75")), ("threshold", 1)])
def test_the_share_of_a_slice_at_datadog_is_measured_and_compared(kind: Any, good: Any) -> None:
    signal = Signal(kind, "datadog", "dog", "abc")
    threshold = {"operator": "gte", "threshold": Decimal("0.75")} if kind == "threshold" else {}
    one = objective(slice_seconds=HOUR, indicator_kind=kind, is_counter=False, **threshold)
    story = SloStory([replace(one, signals=(signal,))])
    begin = int(START.timestamp())
    changes = [[begin, 0], [begin + 2700, 1]]
    story.history("abc", kind="time_slice", until=START + timedelta(hours=1), state_changes=changes)
    assert counted(story) == [(good, 1, "traffic")]


TEXTS = [
    "0", "-0", "7", "-7", "007", "+7", "1.5", "-1.5", "0.0000000005", "-0.0000000005", "0.00000000049999",
    "123456789.123456789", "999999999.9999999995", "1234567890.25", "999999999999999999",
    "-999999999999999999", "1000000000000000000", "9999999999999999999", "99999999999999999999", "1e9",
    "1.5e3", "25e-10", "NaN", "+Inf", "-Inf", "", " 7", "7 ", "seven", "0x1F", "1_000", ".5", "5.",
]  # fmt: skip
"""Numbers at the edges of every type that they are read by, and what is none."""


def test_a_text_is_the_same_number_by_whichever_type_it_is_read() -> None:
    story = SloStory([objective("total", is_counter=False)])
    story.series("total", ["1"])
    told = story.build()
    sql = next(model.sql for model in models_of_objectives() if model.name == "int_sli_samples")
    expression = sql[sql.index("case") : sql.index(" as value,")].replace("samples.value_text", "text")
    rows = told.rows(
        f"select text, {expression} as found, try_cast(text as decimal(28, 9)) as expected "
        "from unnest($1::varchar[]) as texts(text)",
        TEXTS,
    )
    assert [row["text"] for row in rows if row["found"] != row["expected"]] == []
    assert sum(row["found"] is not None for row in rows) > len(TEXTS) // 2
