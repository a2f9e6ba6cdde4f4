"""Evidence as it looks to whoever reads a place again: as if this stream had never been read there.

What was read before may be what is wrong, so nothing of it is believed: no cursor, no "not modified", no
version of a parent whose list is said to be done. What is fetched is committed like anything else. A reading
that breaks off leaves the cursor where it was.
"""

from typing import Any

from connectors.evidence.pages import Batch, ParentVersion, Validator
from connectors.evidence.results import CommitResult
from connectors.evidence.store import EvidenceStore

_NO_CHILD = ""
_OPEN = "open"


class RereadingStore(EvidenceStore):
    """A view of a store, with a reading connection of its own.

    Args:
        store: The store.
        source: Name of the source.
        stream: Name of the stream that is read again.
        parent_key: The one parent whose list is read again; None for all.
        is_cursor_kept: Whether the cursor is shown and saved as it is: of windows of time, which never move
            it when they are read again, and of lists that are always read whole.
    """

    reads_again = True

    def __init__(
        self, store: EvidenceStore, source: str, stream: str, *, parent_key: str | None, is_cursor_kept: bool
    ) -> None:
        super().__init__(
            store.folder,
            store.ledger,
            random_bytes=store._random_bytes,  # noqa: SLF001 - a view of the same store
            on_step=store._landing.on_step,  # noqa: SLF001 - see above
        )
        self._again = (source, stream)
        self._parent_key = parent_key
        self._is_cursor_kept = is_cursor_kept

    def cursor(self, source: str, stream: str, scope: str) -> dict[str, Any] | None:
        """Where another stream continues; of this one nothing is known."""
        is_hidden = (source, stream) == self._again and not self._is_cursor_kept
        return None if is_hidden else super().cursor(source, stream, scope)

    def cursors(self, source: str, stream: str) -> dict[str, dict[str, Any]]:
        """Where another stream continues, by scope."""
        is_hidden = (source, stream) == self._again and not self._is_cursor_kept
        return {} if is_hidden else super().cursors(source, stream)

    def validator(self, request_key: str) -> Validator | None:
        """Nothing: every page is asked for unconditionally, and kept even if it equals one that is held."""
        del request_key
        return None

    def pending_parents(
        self, *, source: str, parent_stream: str, child_stream: str, scope: str | None = None
    ) -> list[ParentVersion]:
        """The parents whose lists are read again, whether or not that was done for their present version."""
        del child_stream
        listed = super().pending_parents(
            source=source, parent_stream=parent_stream, child_stream=_NO_CHILD, scope=scope
        )
        return [each for each in listed if self._parent_key in (None, each.parent_key)]

    def parents(self, source: str, stream: str, scope: str) -> list[ParentVersion]:
        """None: what is held of other parents is no reason to read them, nor an answer for this one."""
        del source, stream, scope
        return []

    def known_keys(self, source: str, stream: str, scope: str) -> set[str]:
        """No record of this stream."""
        return set() if (source, stream) == self._again else super().known_keys(source, stream, scope)

    def commit(self, batch: Batch) -> CommitResult:
        """Commit, without the place at which an open window stands: broken off, it is read anew."""
        batch.cursors[:] = [each for each in batch.cursors if _OPEN not in each.state]
        return super().commit(batch)
