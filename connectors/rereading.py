"""Reading one place again: what of the evidence a reader of it is shown."""

from collections.abc import Iterator
from contextlib import contextmanager

from connectors.evidence import EvidenceStore, RereadingStore
from connectors.streams import Place


@contextmanager
def store_for(
    place: Place | None, store: EvidenceStore, *, source: str, stream: str, is_cursor_kept: bool = False
) -> Iterator[EvidenceStore]:
    """The store as it looks to a reading: of a place that is read again, as if it never had been.

    Args:
        place: Where alone it is read; None for everywhere.
        store: The store.
        source: Name of the source.
        stream: Name of the stream.
        is_cursor_kept: Whether its cursor does not say what was read: it is shown and saved as it is.
    """
    if place is None or not place.is_again:
        yield store
        return
    again = RereadingStore(store, source, stream, parent_key=place.parent_key, is_cursor_kept=is_cursor_kept)
    try:
        yield again
    finally:
        again.close()
