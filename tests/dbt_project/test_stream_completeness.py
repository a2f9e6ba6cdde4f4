"""From when to when each place of a stream was read, and what of the reported range was not."""

from typing import Any

import pytest

from tests.dbt_project.stories import Row, Story, Told


@pytest.fixture
def told() -> Told:
    return Story(coverage=("2026-01-01 00:00", "2026-02-01 00:00")).build()


def read(
    told: Told,
    *,
    since: str | None = None,
    until: str | None = None,
    at: str = "02-02 00:00",
    stream: str = "incidents",
    scope: str = "site",
    **more: Any,
) -> None:
    """Close a window that was asked for this range."""
    row: Row = {
        "source": "pagerduty",
        "kind": "pagerduty",
        "stream": stream,
        "scope": scope,
        "parent_key": None,
        "requested_from": _instant(since),
        "requested_until": _instant(until),
        "started_at": _instant(at),
        "record_count": 5,
        "page_indexes": [1, 2],
        **more,
    }
    columns = ", ".join(row)
    marks = ", ".join("?" for _ in row)
    told.warehouse.execute(f"insert into raw.fetch_windows ({columns}) values ({marks})", list(row.values()))


def _instant(when: str | None) -> str | None:
    return None if when is None else f"2026-{when}:00+00"


def places(told: Told) -> list[Row]:
    return told.rows("from marts.mart_stream_completeness order by stream, scope")


def gaps(told: Told) -> list[tuple[str, str]]:
    (place,) = places(told)
    assert place["is_complete"] == (not place["gaps"])
    return [
        (f"{gap['gap_from']:%m-%d %H:%M}", f"{gap['gap_until']:%m-%d %H:%M}") for gap in place["gaps"] or []
    ]


def test_a_list_that_was_read_from_the_beginning_after_the_range_is_complete(told: Told) -> None:
    read(told, claimed_total=7)
    (place,) = places(told)
    assert (place["is_complete"], place["gap_count"], place["read_from"]) == (True, 0, None)
    assert (place["window_count"], place["page_count"], place["record_count"]) == (1, 2, 5)
    assert place["claimed_count"] == 7


def test_lists_of_its_own_parents_are_counted_and_leave_no_gap(told: Told) -> None:
    read(told)
    read(told, parent_key="7", since=None, until=None, at="01-10 00:00", record_count=30, page_indexes=[3])
    (place,) = places(told)
    assert (place["window_count"], place["page_count"], place["record_count"]) == (2, 3, 35)
    assert place["is_complete"]


def test_what_was_last_read_before_the_range_ends_leaves_a_gap_at_its_end(told: Told) -> None:
    read(told, at="01-20 06:00")
    assert gaps(told) == [("01-20 06:00", "02-01 00:00")]


def test_what_is_read_from_later_on_leaves_a_gap_at_the_beginning(told: Told) -> None:
    read(told, since="01-10 00:00")
    assert gaps(told) == [("01-01 00:00", "01-10 00:00")]


def test_windows_that_touch_or_overlap_leave_no_gap(told: Told) -> None:
    read(told, since="01-01 00:00", until="01-10 00:00")
    read(told, since="01-10 00:00", until="01-20 00:00")
    read(told, since="01-19 00:00", until="02-01 00:00")
    assert gaps(told) == []


def test_a_window_that_was_never_closed_is_a_gap(told: Told) -> None:
    read(told, since="01-01 00:00", until="01-10 00:00")
    read(told, since="01-12 00:00", until="01-20 00:00")
    read(told, since="01-25 00:00", until="02-01 00:00")
    assert gaps(told) == [("01-10 00:00", "01-12 00:00"), ("01-20 00:00", "01-25 00:00")]


def test_a_long_window_covers_those_that_began_after_it(told: Told) -> None:
    read(told, since="01-01 00:00", until="02-01 00:00")
    read(told, since="01-05 00:00", until="01-06 00:00")
    read(told, since="01-20 00:00", until="01-21 00:00")
    assert gaps(told) == []


def test_what_lies_outside_the_reported_range_is_no_gap(told: Told) -> None:
    read(told, since="01-01 00:00", until="02-01 00:00")
    read(told, since="02-10 00:00", until="02-12 00:00", at="02-13 00:00")
    assert gaps(told) == []


def test_a_window_that_ends_after_it_was_asked_for_reaches_up_to_then(told: Told) -> None:
    read(told, since="01-01 00:00", until="02-01 00:00", at="01-31 12:00")
    assert gaps(told) == [("01-31 12:00", "02-01 00:00")]


def test_lists_of_single_records_are_no_places(told: Told) -> None:
    read(told, stream="notes", parent_key="7")
    assert places(told) == []


def test_days_of_a_stream_that_is_read_for_each_query_are_places(told: Told) -> None:
    read(told, stream="samples", parent_key="2026-01-01", since="01-01 00:00", until="02-01 00:00")
    assert gaps(told) == []


def test_places_stand_apart(told: Told) -> None:
    read(told, scope="a")
    read(told, scope="b", at="01-20 00:00")
    assert [(place["scope"], place["is_complete"]) for place in places(told)] == [("a", True), ("b", False)]
