"""Ask for pages before the chain comes to them, where nothing moves while a listing is read.

Elsewhere, pages that are read out of order leave records out. A guide knows such an order: it says where a
chain goes on after a page, and which places it will likely come to. What was asked for and is not come to is
dropped.
"""

import asyncio
import math
import re
from collections.abc import Callable, Coroutine, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Generic, Protocol, TypeVar

from connectors.http.pagers import link_relation

Page = TypeVar("Page")

LEAST_PAGES = 20
"""In a listing of so many pages, a page more is little for an order in which nothing moves."""
LEAST_PAGES_FOR_HOPS = 100
"""In a listing of so many pages, a tenth more pages is little for what they save in waiting."""
_AHEAD_BYTES = 12 * 1024 * 1024
_NUMBER = re.compile(r"(?<=[?&]page=)\d+(?=&|$)")
_PART_OF_A_PAGE = 0.9
_SHORTEST_BUSY_SECONDS = 0.001


class Guide(Protocol):
    """The contract of an order in which nothing moves."""

    def following(
        self, place: str, own: str | None, link: str | None, updates: Callable[[], Sequence[datetime]]
    ) -> str | None:
        """Where the chain goes on after a page.

        Args:
            place: Where the page was found.
            own: The place that the page itself leads to.
            link: Its `Link` header.
            updates: Gives when its records were updated.
        """

    def likely(self) -> Iterable[str]:
        """The places after the next one, the nearest first, as far as can be told after the last page."""


def pages_named(link: str | None) -> int:
    """How many numbered pages a `Link` header says are still to come; 0 where it does not number them."""
    following, last = (link_relation(link, name) or "" for name in ("next", "last"))
    numbers = [_NUMBER.search(place) for place in (following, last)]
    if numbers[0] is None or numbers[1] is None or _NUMBER.split(following) != _NUMBER.split(last):
        return 0
    return max(0, int(numbers[1][0]) - int(numbers[0][0]) + 1)


class Numbered:
    """Pages that the answer numbers up to the last; the chain still goes from link to link."""

    def __init__(self) -> None:
        self._place: str | None = None
        self._count = 0

    def following(
        self, place: str, own: str | None, link: str | None, updates: Callable[[], Sequence[datetime]]
    ) -> str | None:
        """The page's own link."""
        del place, updates
        self._place, self._count = own, pages_named(link)
        return own

    def likely(self) -> Iterable[str]:
        """The numbers up to the last."""
        found = _NUMBER.search(self._place) if self._place is not None else None
        if self._place is None or found is None:
            return
        for number in range(int(found[0]) + 1, int(found[0]) + self._count):
            yield _NUMBER.sub(str(number), self._place)


class Hops:
    """Places by the time from which on records are asked for, oldest first, until what is known.

    A record that changes meanwhile goes to the end, behind everything: no range that was passed over can gain
    one. Hops are a little shorter than the time that a page spans. Where one falls short of the next place
    all the same, the chain goes on from the last update seen: links may number pages, and shift.

    Args:
        place_at: Gives the place of the listing from an instant on.
        until: Everything updated from here on is known.
    """

    def __init__(self, place_at: Callable[[datetime], str], until: datetime) -> None:
        self.until = until
        self._place_at = place_at
        self._planned: list[tuple[datetime, str]] = []
        self._hop = timedelta()
        self._reached: datetime | None = None
        self._is_over = False

    def following(
        self, place: str, own: str | None, link: str | None, updates: Callable[[], Sequence[datetime]]
    ) -> str | None:
        """The farthest place that was planned and that this page reaches, else the last update on it."""
        del place, link
        instants = updates()
        if own is None or not instants or max(instants) >= self.until:
            self._planned, self._is_over = [], True
            return None
        first, last = min(instants), max(instants)
        if self._reached is not None and first < self._reached:
            self._planned, self._is_over = [], True  # the listing is not in the order that was asked for
            return own
        self._reached = first
        self._hop = (last - first) * _PART_OF_A_PAGE
        reached = [at for at in self._planned if first < at[0] <= last]
        self._planned = [at for at in self._planned if at[0] > last]
        if reached:
            return reached[-1][1]
        if not self._planned:
            self._planned.append(self._at(last + self._hop))
        again, at = self._at(last)
        return at if again > first else own

    def likely(self) -> Iterable[str]:
        """The places that are planned, and further ones a hop apart."""
        if self._is_over or self._hop < timedelta(seconds=1):
            return
        position = 0
        while True:
            if position == len(self._planned):
                at = self._planned[-1][0] + self._hop if self._planned else None
                if at is None or at >= self.until:
                    return
                self._planned.append(self._at(at))
            yield self._planned[position][1]
            position += 1

    def _at(self, instant: datetime) -> tuple[datetime, str]:
        whole = instant.replace(microsecond=0)
        return whole, self._place_at(whole)


class Ahead(Generic[Page]):
    """Pages of one chain that were asked for before their turn.

    As many as come while one is waited for: more would only fill memory.

    Args:
        ask: Fetches the page at a place.
        allowed: How many requests may be under way now.
        monotonic: A clock in seconds that never goes back.
    """

    def __init__(
        self,
        ask: Callable[[str], Coroutine[Any, Any, Page]],
        *,
        allowed: Callable[[], int],
        monotonic: Callable[[], float],
    ) -> None:
        self._ask = ask
        self._allowed = allowed
        self._monotonic = monotonic
        self._asked: dict[str, asyncio.Task[Page]] = {}
        self._answer_seconds = 0.0
        self._busy_seconds = 0.0
        self._given_at: float | None = None

    async def page(self, place: str) -> Page:
        """The page at a place: the one that was asked for, or one that is asked for now."""
        now = self._monotonic()
        if self._given_at is not None:
            self._busy_seconds = (self._busy_seconds + now - self._given_at) / 2
        task = self._asked.pop(place, None)
        page = await (self._ask(place) if task is None else task)
        self._given_at = self._monotonic()
        if task is None:
            self._answer_seconds = self._given_at - now
        return page

    async def look(self, likely: Iterable[str], *, page_bytes: int) -> None:
        """Ask for as many of the places as pay off, may be under way and fit into memory; drop all others.

        Args:
            likely: The places, the nearest first.
            page_bytes: The size of a page, as the measure for those to come.
        """
        paying = math.ceil(self._answer_seconds / max(self._busy_seconds, _SHORTEST_BUSY_SECONDS))
        fitting = _AHEAD_BYTES // max(1, page_bytes)
        most = max(1, min(self._allowed(), paying, fitting))
        places = list(islice(likely, max(most, len(self._asked) + 1)))
        await self._drop([place for place in self._asked if place not in places])
        for place in places[:most]:
            if place not in self._asked:
                self._asked[place] = asyncio.create_task(self._ask(place))

    async def close(self) -> None:
        """Drop what is still under way."""
        await self._drop(list(self._asked))

    async def _drop(self, places: list[str]) -> None:
        tasks = [self._asked.pop(place) for place in places]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
