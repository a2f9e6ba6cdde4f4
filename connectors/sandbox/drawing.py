"""Drawing lots: from weighted tables, and whether something happens."""

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def draw(chance: random.Random, table: Sequence[tuple[T, float]]) -> T:
    """One row's value, as often as its weight says."""
    values = [value for value, _ in table]
    return chance.choices(values, [weight for _, weight in table])[0]


def happens(chance: random.Random, share: float) -> bool:
    """Whether something happens that does so in this share of cases."""
    return chance.random() < share
