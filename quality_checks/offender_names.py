"""Names for what a check found: a record's key at its source, the window that brought it, the window's range.

People are never named: a record whose key is somebody's account, or a text that somebody chose, is named by
its place alone.
"""

import re
from collections.abc import Iterable
from typing import Final

import duckdb
import msgspec

from quality_checks.record_keys import key_reader
from quality_checks.repairs import written_instant
from quality_checks.streams import StreamContract

ORDINAL_BITS: Final = 23
_NUMBERS: Final = frozenset(
    {"id", "iid", "uid", "sha", "node_id", "number", "position", "commit", "issueId", "fingerprint"}
    | {"startsAt", "timestamp"}
)
"""Keys that systems give: numbers, hashes and instants."""
_NAMED = re.compile(r"^(record|page|window) (\d+)")


class OffenderNames:
    """Looks up what stands behind the numbers of offenders.

    Args:
        con: The warehouse.
        streams: How the bodies of each stream look.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, streams: Iterable[StreamContract]) -> None:
        self._con = con
        self._contracts = {(each.kind, each.stream): each for each in streams}

    def named(self, offender: str) -> str:
        """The offender, with what its number stands for; unchanged where nothing is known of it."""
        found = _NAMED.match(offender)
        if found is None:
            return offender
        known = {"record": self._record, "page": self._page, "window": self._window}
        try:
            words = [word for word in known[found[1]](int(found[2])) if word]
        except duckdb.Error:
            return offender
        return f"{found[0]} ({', '.join(words)}){offender[found.end() :]}" if words else offender

    def _record(self, record_id: int) -> list[str]:
        page, ordinal = record_id >> ORDINAL_BITS, record_id & ((1 << ORDINAL_BITS) - 1)
        return [*self._key(page, ordinal), *self._page(page)]

    def _key(self, page: int, ordinal: int) -> list[str]:
        place = self._con.execute(
            "select kind, stream from raw.evidence_pages where log_index = ?", [page]
        ).fetchone()
        contract = self._contracts.get(place) if place else None
        if contract is None or not _is_shown(contract):
            return []
        row = self._con.execute(
            f"select body from {contract.raw} where log_index = {page}",  # a literal skips row groups
        ).fetchone()
        try:
            keys = key_reader(contract)(row[0]) if row else []
        except (msgspec.DecodeError, ValueError):
            return []
        key = keys[ordinal] if ordinal < len(keys) else None
        return [] if key is None else [f"{contract.stream} {key.replace(chr(31), ' ')}"]

    def _page(self, page: int) -> list[str]:
        row = self._con.execute(
            "select window_index, scope, parent_key from raw.fetch_windows "
            "where list_contains(page_indexes, ?) order by window_index desc limit 1",
            [page],
        ).fetchone()
        return [] if row is None else [*(str(part) for part in row[1:] if part), f"window {row[0]}"]

    def _window(self, window_index: int) -> list[str]:
        row = self._con.execute(
            "select source, requested_from, requested_until from raw.fetch_windows where window_index = ?",
            [window_index],
        ).fetchone()
        if row is None:
            return []
        first, until = written_instant(row[1]), written_instant(row[2])
        return [row[0], f"from {first}" if first else "", f"until {until}" if until else ""]


def _is_shown(contract: StreamContract) -> bool:
    """Whether a record's key says nothing of a person."""
    parts = contract.record_parts
    is_number = all(part.path[-1] in _NUMBERS for part in parts)
    return bool(parts) and is_number and not contract.is_about_people
