"""The names that the last whole listing gave: what other streams go through."""

from connectors.committer import split_cursor
from connectors.errors import PermanentSourceError
from connectors.evidence import EvidenceStore


def names_listed(listing: str, scope: str, *, source: str, store: EvidenceStore, wanted_by: str) -> list[str]:
    """What the last complete listing of a stream in a scope named, sorted.

    Args:
        listing: The stream that was listed whole and declares `named_by`.
        scope: Where it was listed.
        source: Name of the source.
        store: Where its cursor stands.
        wanted_by: The stream that goes through the names, for the error.

    Raises:
        PermanentSourceError: There was none yet.
    """
    settled, _ = split_cursor(store.cursor(source, listing, scope))
    if "current" not in settled:
        raise PermanentSourceError(
            f"The {listing} of {scope} were not read yet, and {wanted_by} goes through them. "
            f"Extract {listing} first.",
            source=source,
            stream=wanted_by,
        )
    return sorted(set(settled["current"]))
