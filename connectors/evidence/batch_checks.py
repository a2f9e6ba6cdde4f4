"""Refusing a batch before anything of it is written."""

from connectors.evidence.errors import EvidenceInputError
from connectors.evidence.pages import Batch, PageRef, WindowClose
from connectors.evidence.record_ids import MOST_RECORDS


def check_batch(batch: Batch) -> None:
    """Refuse what cannot be committed.

    Raises:
        EvidenceInputError: the pages are of several streams, a page has too many records, or a reference
        names no
            page of this batch.
    """
    streams = {(page.source, page.stream) for page in batch.pages}
    if len(streams) > 1:
        named = ", ".join(f"{source}/{stream}" for source, stream in sorted(streams))
        raise EvidenceInputError(f"the pages of one batch are of one stream; these are of {named}")
    for page in batch.pages:
        if not 0 <= page.record_count < MOST_RECORDS:
            raise EvidenceInputError(
                f"{page.url} has {page.record_count} records; a page holds up to {MOST_RECORDS}"
            )
    for window in batch.closed_windows:
        for reference in window.pages:
            _check_reference(reference, batch, window)
    for validator in batch.validators:
        _check_reference(validator.log_index, batch, validator)


def _check_reference(reference: PageRef | int, batch: Batch, owner: object) -> None:
    position = reference.position if isinstance(reference, PageRef) else 0
    is_number = isinstance(reference, PageRef | int) and not isinstance(reference, bool)
    if not is_number or (isinstance(reference, PageRef) and not 0 <= position < len(batch.pages)):
        kind = "window " + owner.window_id if isinstance(owner, WindowClose) else "validator"
        raise EvidenceInputError(f"{kind} refers to {reference!r}; the batch has {len(batch.pages)} pages")
