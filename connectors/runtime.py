"""What a library must not take from its surroundings on its own: time, waiting and chance."""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """Clocks, waiting and randomness, handed in by whoever composes.

    Attributes:
        clock: The time now, in UTC.
        monotonic: A clock in seconds that never goes back, such as `time.monotonic`.
        sleep: An awaitable sleep in seconds, such as `asyncio.sleep`.
        generator: Jitter for waits.
    """

    clock: Callable[[], datetime]
    monotonic: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]
    generator: random.Random
