"""Refusing a batch before anything of it is written."""

from connectors.evidence.errors import EvidenceInputError
from connectors.evidence.pages import Batch
from connectors.evidence.record_ids import MOST_RECORDS


def check_batch(batch: Batch) -> None:
    """Refuse what cannot be one file.

    Raises:
        EvidenceInputError: the pages are of several streams, or a page has too many records.
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
