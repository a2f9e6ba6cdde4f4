"""Record ids: which page, and which top-level record in it, as one signed 64-bit integer."""

ORDINAL_BITS = 23
MOST_RECORDS = 1 << ORDINAL_BITS
_MOST_PAGES = 1 << (63 - ORDINAL_BITS)


def record_id_of(log_index: int, ordinal: int) -> int:
    """The id of the record at `ordinal` (from 0) of the page at `log_index`.

    Raises:
        ValueError: one of them does not fit.
    """
    if not (0 <= log_index < _MOST_PAGES and 0 <= ordinal < MOST_RECORDS):
        raise ValueError(f"page {log_index}, record {ordinal} does not fit into a record id")
    return log_index << ORDINAL_BITS | ordinal


def split_record_id(record_id: int) -> tuple[int, int]:
    """(log index of the page, ordinal of the record)."""
    if record_id < 0:
        raise ValueError(f"{record_id} is no record id")
    return record_id >> ORDINAL_BITS, record_id & (MOST_RECORDS - 1)
