"""Slices: the same instants whenever they are read, each instant in exactly one."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from connectors.prometheus.settings import MAX_POINTS
from connectors.prometheus.slices import (
    EPOCH,
    Grid,
    Horizon,
    ceiled,
    is_fading,
    last_instant,
    new_slices,
    slices_between,
)
from tests.connectors.prometheus.observed import instant

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LONG_AGO = EPOCH


def instants(grid: Grid, horizon: Horizon, start: datetime, end: datetime) -> list[datetime]:
    """Every instant that the slices between two instants ask for, in order."""
    asked = []
    for part in slices_between(grid, horizon, start, end):
        at = part.start
        while at <= last_instant(grid, part):
            asked.append(at)
            at += grid.step
    return asked


@given(
    step=st.integers(1, 400),
    points=st.integers(1, 30),
    start=st.integers(1_790_000_000, 1_790_010_000),
    length=st.integers(1, 20_000),
)
def test_each_instant_up_to_now_is_asked_for_once(step: int, points: int, start: int, length: int) -> None:
    grid = Grid(timedelta(seconds=step), timedelta(seconds=step * points))
    since = EPOCH + timedelta(seconds=start)
    now = since + timedelta(seconds=length)
    horizon = Horizon(since, now, LONG_AGO)
    expected = []
    at = ceiled(since, grid.step)
    while at < now:
        expected.append(at)
        at += grid.step
    assert instants(grid, horizon, since, now) == expected


@given(step=st.integers(1, 100_000), points=st.integers(1, MAX_POINTS), now=st.integers(0, 10**9))
def test_no_slice_has_more_points_than_a_range_query_may_return(step: int, points: int, now: int) -> None:
    grid = Grid(timedelta(seconds=step), timedelta(seconds=step * points))
    end = instant("2026-11-22 12:00") + timedelta(seconds=now)
    horizon = Horizon(end - 3 * grid.length, end, LONG_AGO)
    for part in slices_between(grid, horizon, end - grid.length, end):
        assert (last_instant(grid, part) - part.start) // grid.step + 1 <= MAX_POINTS


def test_a_slice_starts_at_the_same_instant_whenever_it_is_read() -> None:
    grid = Grid(MINUTE, DAY)
    for now in ("2026-11-22 00:00:01", "2026-11-22 13:37:42", "2026-11-22 23:59:59"):
        horizon = Horizon(None, instant(now), LONG_AGO)
        (part,) = slices_between(grid, horizon, instant(now) - timedelta(seconds=1), instant(now))
        assert (part.cell, part.start) == (instant("2026-11-22"), instant("2026-11-22"))


def test_the_instant_of_now_waits_for_the_next_run() -> None:
    horizon = Horizon(None, instant("2026-11-22 12:00"), LONG_AGO)
    (part,) = slices_between(Grid(MINUTE, DAY), horizon, instant("2026-11-22 11:00"), horizon.end)
    assert last_instant(Grid(MINUTE, DAY), part) == instant("2026-11-22 11:59")


def test_a_run_reads_from_the_overlap_on() -> None:
    horizon = Horizon(None, instant("2026-11-22 00:30"), instant("2026-11-08"))
    found = new_slices(
        Grid(MINUTE, DAY),
        horizon,
        complete_until=instant("2026-11-22 00:10"),
        read_until=instant("2026-11-22 00:10"),
        overlap=HOUR,
    )
    assert [part.cell for part in found] == [instant("2026-11-21"), instant("2026-11-22")]


def test_what_the_server_begins_to_forget_is_left_as_it_was_read() -> None:
    horizon = Horizon(None, instant("2026-11-22 12:00"), instant("2026-11-20 12:00"))
    read_until = instant("2026-11-20 18:00")
    fading, *fresh = slices_between(Grid(MINUTE, DAY), horizon, instant("2026-11-20"), horizon.end)
    assert is_fading(fading, horizon, read_until)
    assert not any(is_fading(part, horizon, read_until) for part in fresh)
    assert not is_fading(fading, horizon, None)
