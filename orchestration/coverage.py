"""How far the collection register covers the streams that the settings ask for."""

from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from governance.collection import CollectionRegister
from orchestration.collection import load_register, uncollected_streams
from orchestration.settings import Settings, SourceSettings
from orchestration.sources import enabled_streams


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamCoverage:
    """What the register says about one stream.

    Attributes:
        source: The source.
        stream: The stream.
        personal_data: The categories that it brings.
        is_allowed: Whether it may be fetched.
        is_written: Whether an entry that has not lapsed names it and all that it brings, confirmed or not.
        has_lapsed: Whether it was allowed once, and the entry has lapsed.
        state: Why, or why not.
    """

    source: str
    stream: str
    personal_data: tuple[str, ...]
    is_allowed: bool
    is_written: bool
    has_lapsed: bool
    state: str

    def to_document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return asdict(self)


def coverage(settings: Settings, governance: Path, *, on: date) -> list[StreamCoverage]:
    """Return every stream of the settings with what the register says about it.

    Args:
        settings: The workspace's settings.
        governance: The folder of the register.
        on: The day.

    Raises:
        RegisterError: the register is wrong.
    """
    register = load_register(governance)
    refused = {
        (each.source, each.stream): each.reason for each in uncollected_streams(settings, register, on=on)
    }
    return [
        _coverage(register, source, stream.name, tuple(map(str, stream.personal_data)), refused, on=on)
        for source in settings.sources
        for stream in enabled_streams(source)
    ]


def _coverage(
    register: CollectionRegister,
    source: SourceSettings,
    stream: str,
    brings: tuple[str, ...],
    refused: dict[tuple[str, str], str],
    *,
    on: date,
) -> StreamCoverage:
    naming = [
        entry for entry in register.entries_of(source.kind, stream) if set(brings) <= set(entry.personal_data)
    ]
    entries = [entry for entry in naming if not entry.has_lapsed(on=on)]
    reason = refused.get((source.name, stream))
    word = next((entry for entry in reversed(entries) if entry.confirmed_by), None)
    confirmed = f"confirmed by {word.confirmed_by} on {word.confirmed_on}" if word else ""
    return StreamCoverage(
        source=source.name,
        stream=stream,
        personal_data=brings,
        is_allowed=reason is None,
        is_written=bool(entries) or not brings,
        has_lapsed=bool(naming and brings) and not entries,
        state=reason or (confirmed if brings else "needs no entry"),
    )
