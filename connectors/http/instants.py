"""Instants as cursors and requests write them."""

from datetime import UTC, datetime
from typing import Annotated

import msgspec

Instant = Annotated[datetime, msgspec.Meta(tz=True)]
"""An instant as a record must tell it: with its zone, without which nobody knows when it was."""


def text_of(instant: datetime | None) -> str:
    """An instant in UTC, with `Z`; empty without one."""
    return "" if instant is None else instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def instant_of(text: str | None) -> datetime | None:
    """The instant that a cursor holds; None for nothing."""
    return datetime.fromisoformat(text) if text else None


def latest(instants: list[datetime | None]) -> datetime | None:
    """The latest of those that are there."""
    return max((instant for instant in instants if instant is not None), default=None)
