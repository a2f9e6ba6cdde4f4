"""Keep to the vendor's rate from the first request on, so that its limits are hardly ever met."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

Sleep = Callable[[float], Awaitable[None]]
"""An awaitable sleep in seconds, such as `asyncio.sleep`."""

_BURST = 10
_MARGIN_RATIO = 0.98
_ANSWERS_FOR_ONE_MORE = 8


class Pacer:
    """Spaces requests evenly (generic cell rate algorithm) and holds all of them while a limit asks for it.

    In any minute at most 98 % of the rate plus a burst of ten requests pass: 892 of GitHub's 900 points.

    Args:
        per_minute: Requests a minute, or None for as fast as they come.
        monotonic: A clock in seconds that never goes back.
        sleep: How to wait.
    """

    def __init__(self, *, per_minute: int | None, monotonic: Callable[[], float], sleep: Sleep) -> None:
        self._interval = 60.0 / (per_minute * _MARGIN_RATIO) if per_minute else 0.0
        self._tolerance = self._interval * (_BURST - 1)
        self.monotonic = monotonic
        self._sleep = sleep
        self._next = monotonic()
        self._held_until = self._next

    @property
    def is_unbounded(self) -> bool:
        """Whether there is no rate to keep to."""
        return not self._interval

    @property
    def held_seconds(self) -> float:
        """How long requests are still held."""
        return max(0.0, self._held_until - self.monotonic())

    def hold(self, seconds: float) -> None:
        """Let no request start for so long."""
        self._held_until = max(self._held_until, self.monotonic() + seconds)

    async def rest(self, seconds: float) -> None:
        """Let one request wait; others go on."""
        await self._sleep(seconds)

    async def turn(self) -> float:
        """Wait until the next request may start; the seconds waited."""
        waited = 0.0
        while True:
            while (held := self.held_seconds) > 0:
                waited += held
                await self._sleep(held)
            delay = self._reserve()
            if delay <= 0:
                return waited
            waited += delay
            await self._sleep(delay)
            if self.held_seconds <= 0:
                return waited

    def _reserve(self) -> float:
        if not self._interval:
            return 0.0
        now = self.monotonic()
        self._next = max(self._next, now) + self._interval
        return max(0.0, self._next - self._interval - self._tolerance - now)


class Flights:
    """How many requests may be under way: half as many after a secondary limit, one more after many answers.

    Limits that come together count as one; the next one halves again only after an answer in between.

    Args:
        most: The bound that is never passed; the settings' concurrency.
    """

    def __init__(self, most: int = 1 << 30) -> None:
        self.most = most
        self.allowed = most
        self._under_way = 0
        self._answers = 0
        self._has_answered = True
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def __aenter__(self) -> Self:
        while self._under_way >= self.allowed:
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                self._wake()
                raise
        self._under_way += 1
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._under_way -= 1
        self._wake()

    def limited(self) -> None:
        """The source set a limit: half as many from now on, one at least."""
        if self._has_answered:
            self.allowed = max(1, min(self.allowed, self._under_way + 1) // 2)
        self._has_answered = False
        self._answers = 0

    def succeeded(self) -> None:
        """An answer came; after a good many of them one more request may be under way."""
        self._has_answered = True
        self._answers += 1
        if self._answers >= _ANSWERS_FOR_ONE_MORE * self.allowed and self.allowed < self.most:
            self.allowed += 1
            self._answers = 0

    def _wake(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
