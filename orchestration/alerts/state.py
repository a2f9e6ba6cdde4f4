"""What is remembered between runs: open causes, who was told of them, and what could not be delivered."""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from orchestration.alerts.causes import Cause

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Told:
    """When a channel accepted the last notice of a cause, and how severe it was said to be."""

    severity: str
    at: datetime


@dataclass(slots=True)
class OpenCause:
    """A cause from the run that found it to the last channel that heard of its end.

    Attributes:
        cause: What is wrong, as the last run that looked at it found it.
        since: When it was found first.
        seen_at: When it was found last.
        recovered_at: When a run found it gone; kept until every channel that heard of it heard that, too.
        told: By channel.
    """

    cause: Cause
    since: datetime
    seen_at: datetime
    recovered_at: datetime | None = None
    told: dict[str, Told] = field(default_factory=dict)


@dataclass(slots=True)
class Arrivals:
    """How many pages of a source there were, and when there were more than before."""

    pages: int
    at: datetime


@dataclass(slots=True)
class AlertState:
    """Everything that alerting remembers.

    Attributes:
        open: By the cause's key, in the order in which they began.
        undelivered: By channel: why the last notice was not accepted, and since when none is.
        arrivals: By source with a stated freshness.
        last_run_id: The run that was looked at last.
    """

    open: dict[str, OpenCause] = field(default_factory=dict)
    undelivered: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    arrivals: dict[str, Arrivals] = field(default_factory=dict)
    last_run_id: str = ""

    def standing(self) -> list[OpenCause]:
        """Causes that have not recovered."""
        return [each for each in self.open.values() if each.recovered_at is None]


def load_state(path: Path) -> AlertState:
    """Read what is remembered; nothing where the file is missing or damaged: better told twice than never."""
    try:
        return _parsed(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return AlertState()


def save_state(path: Path, state: AlertState) -> None:
    """Replace the file in one step; a crash leaves the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    written = path.with_name(f".{path.name}.{os.getpid()}")
    with written.open("w", encoding="utf-8") as file:
        json.dump(_document(state), file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    written.replace(path)


def undelivered_lines(state: AlertState) -> Iterator[str]:
    """Say which channels do not accept notices, one line each."""
    for name, (reason, since) in state.undelivered.items():
        yield f"{name}, since {since:%Y-%m-%d %H:%M} UTC: {reason}. The next run tries again"


def _document(state: AlertState) -> dict[str, Any]:
    document = {"format": FORMAT} | asdict(state)
    return _plain(document)  # type: ignore[no-any-return] # a dict stays a dict


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def _parsed(document: dict[str, Any]) -> AlertState:
    at = datetime.fromisoformat
    return AlertState(
        open={
            key: OpenCause(
                cause=Cause(**each["cause"]),
                since=at(each["since"]),
                seen_at=at(each["seen_at"]),
                recovered_at=at(each["recovered_at"]) if each["recovered_at"] else None,
                told={name: Told(told["severity"], at(told["at"])) for name, told in each["told"].items()},
            )
            for key, each in document["open"].items()
        },
        undelivered={name: (reason, at(since)) for name, (reason, since) in document["undelivered"].items()},
        arrivals={
            name: Arrivals(each["pages"], at(each["at"])) for name, each in document["arrivals"].items()
        },
        last_run_id=document["last_run_id"],
    )
