"""What counts as a gap of a stream: rows of `config.stream_gaps` from closed windows."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest

from orchestration.steps.stream_gaps import Coverage, Place, stream_gaps

JULY = Coverage(datetime(2026, 7, 1, tzinfo=UTC), datetime(2026, 8, 1, tzinfo=UTC))
EXPECTED: Place = ("github", "github", "issues", "acme/shop")
_INSTANT = pa.timestamp("us", tz="UTC")
_SCHEMA = pa.schema(
    [
        ("window_index", pa.int64()),
        *((name, pa.string()) for name in ("source", "stream", "scope", "parent_key")),
        *((name, _INSTANT) for name in ("requested_from", "requested_until", "started_at")),
        ("claimed_total", pa.int64()),
        ("record_count", pa.int64()),
    ]
)


def instant(text: str | None) -> datetime | None:
    """Read '07-05 10' as an hour of 2026."""
    return None if text is None else datetime.strptime(f"2026-{text}", "%Y-%m-%d %H").replace(tzinfo=UTC)


def window(begin: str | None = None, end: str | None = None, *, at: str = "08-02 00", **more: Any) -> Any:
    """A closed window of issues of the shop."""
    return {
        "source": "github",
        "stream": "issues",
        "scope": "acme/shop",
        "parent_key": None,
        "requested_from": instant(begin),
        "requested_until": instant(end),
        "started_at": instant(at),
        "claimed_total": None,
        "record_count": 5,
        **more,
    }


def gaps(
    *windows: Any, expected: Iterable[Place] = (), coverage: Coverage = JULY
) -> list[tuple[str | None, str | None, str]]:
    """Begin, end and reason of each gap."""
    rows = [{"window_index": place, **row} for place, row in enumerate(windows)]
    table = pa.Table.from_pylist(rows, schema=_SCHEMA)
    found = stream_gaps(table, {"github": "github"}, expected=expected, coverage=coverage).to_pylist()
    return [(_text(row["gap_from"]), _text(row["gap_until"]), row["reason"]) for row in found]


def _text(when: datetime | None) -> str | None:
    return None if when is None else f"{when:%m-%d %H}"


def test_a_list_read_whole_after_the_range_has_no_gap() -> None:
    assert gaps(window(), expected=[EXPECTED]) == []


def test_windows_that_do_not_tile_leave_a_gap() -> None:
    read = [window("07-01 00", "07-10 00"), window("07-12 00", "08-01 00")]
    assert gaps(*read) == [("07-10 00", "07-12 00", "not_read")]
    assert gaps(*read, window("07-09 00", "07-13 00")) == []


def test_a_long_window_covers_those_that_began_after_it() -> None:
    assert gaps(window("07-01 00", "08-01 00"), window("07-05 00", "07-06 00")) == []


def test_what_is_read_from_later_on_has_a_gap_before() -> None:
    assert gaps(window("07-10 00")) == [("07-01 00", "07-10 00", "not_read")]
    assert gaps(window("06-10 00")) == []


def test_a_window_of_which_nobody_knows_where_the_report_begins_is_a_gap_up_to_it() -> None:
    assert gaps(window("07-10 00"), coverage=Coverage(None, None)) == [(None, "07-10 00", "not_read")]


def test_a_place_that_is_asked_for_and_not_read_to_the_end_has_a_gap() -> None:
    stale = window(at="07-20 06")
    assert gaps(stale, expected=[EXPECTED]) == [("07-20 06", "08-01 00", "not_read")]
    assert gaps(stale) == [], "nothing of the scope is read any more"
    assert gaps(stale, window(stream="tags")) == [("07-20 06", "08-01 00", "not_read")]


def test_without_an_end_of_the_report_nothing_ends_too_early() -> None:
    open_end = Coverage(JULY.begins_at, None)
    assert gaps(window(at="07-20 06"), expected=[EXPECTED], coverage=open_end) == []


def test_a_place_of_which_nothing_was_ever_read_is_one_gap() -> None:
    assert gaps(expected=[EXPECTED]) == [("07-01 00", "08-01 00", "never_read")]


@pytest.mark.parametrize(("claimed", "is_gap"), [(None, False), (5, False), (6, False), (7, True)], ids=str)
def test_clearly_fewer_records_than_the_source_counted_are_a_gap(
    claimed: int | None, *, is_gap: bool
) -> None:
    read = window("07-05 00", "07-06 00", claimed_total=claimed)
    whole = window()
    assert gaps(read, whole) == [], "a newer and wider reading makes up for it"
    found = [("07-05 00", "07-06 00", "records_missing")] if is_gap else []
    assert gaps(whole, read) == found


def test_lists_of_single_records_and_sources_that_have_left_do_not_matter() -> None:
    assert gaps(window("07-05 00", parent_key="7"), window("07-05 00", source="other")) == []
