"""Reading ahead: what a link numbers, what a hop reaches, and what is asked for and dropped."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from connectors.http.ahead import Ahead, Hops, Numbered, pages_named

BASE = "http://host/list?per_page=100"
MIDNIGHT = datetime(2026, 5, 1, tzinfo=UTC)


def link(following: str, last: str) -> str:
    return f'<{following}>; rel="next", <{last}>; rel="last"'


@pytest.mark.parametrize(
    ("header", "count"),
    [
        (link(f"{BASE}&page=2", f"{BASE}&page=9"), 8),
        (link(f"{BASE}&page=9", f"{BASE}&page=9"), 1),
        (link(f"{BASE}&page=9", f"{BASE}&page=2"), 0),
        (link(f"{BASE}&page=2", f"{BASE}&state=all&page=9"), 0),
        (link(f"{BASE}&page=2", "http://elsewhere/list?per_page=100&page=9"), 0),
        (link(f"{BASE}&after=abc", f"{BASE}&before=abc"), 0),
        (f'<{BASE}&page=2>; rel="next"', 0),
        (None, 0),
    ],
)
def test_only_a_link_that_numbers_its_pages_counts_them(header: str | None, count: int) -> None:
    assert pages_named(header) == count


def test_numbered_pages_are_likely_up_to_the_last_and_no_further() -> None:
    guide = Numbered()
    own = f"{BASE}&page=3"
    assert guide.following("", own, link(own, f"{BASE}&page=5"), list) == own
    assert list(guide.likely()) == [f"{BASE}&page=4", f"{BASE}&page=5"]
    assert guide.following("", None, None, list) is None
    assert list(guide.likely()) == []


def minutes(*numbers: float) -> list[datetime]:
    return [MIDNIGHT + timedelta(minutes=number) for number in numbers]


def hops(*, until: float) -> Hops:
    return Hops(
        lambda instant: str((instant - MIDNIGHT) // timedelta(minutes=1)),
        MIDNIGHT + timedelta(minutes=until),
    )


def test_a_hop_goes_to_the_farthest_planned_place_that_the_page_reaches() -> None:
    guide = hops(until=1000)
    assert guide.following("", "own", None, lambda: minutes(0, 100)) == "100"
    assert [place for place, _ in zip(guide.likely(), range(3), strict=False)] == ["190", "280", "370"]
    assert guide.following("100", "own", None, lambda: minutes(100, 200)) == "190"
    assert guide.following("190", "own", None, lambda: minutes(190, 390)) == "370"


def test_a_hop_that_falls_short_goes_on_from_the_last_update_seen() -> None:
    guide = hops(until=1000)
    guide.following("", "own", None, lambda: minutes(0, 100))
    list(zip(guide.likely(), range(3), strict=False))
    assert guide.following("100", "own", None, lambda: minutes(100, 150)) == "150"


def test_a_place_before_the_first_record_of_a_page_would_give_the_page_again() -> None:
    guide = hops(until=1000)
    guide.following("", "own", None, lambda: minutes(0, 100))
    list(zip(guide.likely(), range(3), strict=False))
    assert guide.following("100", "own", None, lambda: minutes(300, 350)) == "350"


def test_a_page_of_one_instant_leads_to_its_own_link() -> None:
    guide = hops(until=1000)
    assert guide.following("", "own", None, lambda: minutes(5, 5, 5)) == "own"
    assert list(guide.likely()) == []


def test_hops_end_at_what_is_known_and_where_the_listing_ends() -> None:
    assert hops(until=100).following("", "own", None, lambda: minutes(50, 100)) is None
    assert hops(until=100).following("", None, None, lambda: minutes(50, 60)) is None
    assert hops(until=100).following("", "own", None, list) is None


def test_a_listing_in_another_order_is_followed_link_by_link() -> None:
    guide = hops(until=1000)
    guide.following("", "own", None, lambda: minutes(500, 600))
    assert guide.following("", "own", None, lambda: minutes(300, 400)) == "own"
    assert list(guide.likely()) == []


class Slow:
    """Answers each place with itself, after a turn of the loop; counts and remembers."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.cancelled: list[str] = []
        self.now = 0.0

    async def ask(self, place: str) -> str:
        self.asked.append(place)
        try:
            await asyncio.sleep(0.001)
        except asyncio.CancelledError:
            self.cancelled.append(place)
            raise
        self.now += 1.0
        return place

    def ahead(self, *, allowed: int) -> Ahead[str]:
        return Ahead(self.ask, allowed=lambda: allowed, monotonic=lambda: self.now)


def test_as_many_are_asked_for_as_may_be_under_way() -> None:
    slow = Slow()

    async def read() -> None:
        ahead = slow.ahead(allowed=3)
        assert await ahead.page("1") == "1"
        await ahead.look(map(str, range(2, 100)), page_bytes=10)
        await asyncio.sleep(0)
        assert slow.asked == ["1", "2", "3", "4"]
        assert await ahead.page("2") == "2"
        await ahead.look(map(str, range(3, 100)), page_bytes=10)
        await asyncio.sleep(0)
        assert await ahead.page("3") == "3"
        await ahead.close()

    asyncio.run(read())
    assert slow.asked == ["1", "2", "3", "4", "5"]


def test_large_pages_are_asked_for_one_at_a_time() -> None:
    slow = Slow()

    async def read() -> None:
        ahead = slow.ahead(allowed=8)
        await ahead.page("1")
        await ahead.look(map(str, range(2, 100)), page_bytes=100 << 20)
        await ahead.page("2")
        await ahead.close()

    asyncio.run(read())
    assert slow.asked == ["1", "2"]


def test_what_was_asked_for_is_kept_when_fewer_may_be_under_way() -> None:
    slow = Slow()
    most = 3

    async def read() -> None:
        nonlocal most
        ahead = Ahead(slow.ask, allowed=lambda: most, monotonic=lambda: slow.now)
        await ahead.page("1")
        await ahead.look(map(str, range(2, 100)), page_bytes=10)
        most = 1
        for number in range(2, 5):
            assert await ahead.page(str(number)) == str(number)
            await ahead.look(map(str, range(number + 1, 100)), page_bytes=10)
        await asyncio.sleep(0)
        await ahead.close()

    asyncio.run(read())
    assert (slow.asked, slow.cancelled) == (["1", "2", "3", "4", "5"], ["5"])


def test_what_the_chain_does_not_come_to_is_dropped() -> None:
    slow = Slow()

    async def read() -> None:
        ahead = slow.ahead(allowed=3)
        await ahead.page("1")
        await ahead.look(["2", "3", "4"], page_bytes=10)
        await asyncio.sleep(0)
        await ahead.look(["elsewhere"], page_bytes=10)
        assert await ahead.page("elsewhere") == "elsewhere"
        await ahead.close()

    asyncio.run(read())
    assert slow.cancelled == ["2", "3", "4"]
