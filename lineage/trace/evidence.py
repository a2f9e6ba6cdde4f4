"""From record ids to the records themselves and the pages that hold them, with proofs."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lineage.ledger import Ledger, LedgerError, merkle
from lineage.trace.document import PageProof, RecordUse, TracedPage, TracedRecord, TracedRedaction
from lineage.trace.ports import EvidencePage, EvidenceRecord, EvidenceRedaction, RecordReader

PAYLOAD_LOG = "payload"
_LEADING_POSITION = re.compile(r"^\$(?:\.\w+)?\[(\d+|\*)\]")


def read_records(
    reader: RecordReader, contributing: Sequence[int], context: Sequence[int]
) -> tuple[tuple[TracedRecord, ...], tuple[EvidencePage, ...], Mapping[int, tuple[TracedRedaction, ...]]]:
    """Read records and return them with their pages (each once, by log index) and what was redacted."""
    uses = dict.fromkeys(context, RecordUse.CONTEXT)
    uses |= dict.fromkeys(contributing, RecordUse.CONTRIBUTES)
    ordered = [*contributing, *(one for one in context if uses[one] is RecordUse.CONTEXT)]
    found = reader.records(ordered)
    pages = {record.page.log_index: record.page for record in found}
    redactions = _redactions(reader.redactions(), pages)
    records = tuple(_record(record, uses[record.record_id], redactions) for record in found)
    return records, tuple(pages[index] for index in sorted(pages)), redactions


def describe_pages(
    pages: Iterable[EvidencePage],
    redactions: Mapping[int, tuple[TracedRedaction, ...]],
    *,
    ledger: Ledger | None,
    tree_size: int | None,
) -> tuple[TracedPage, ...]:
    """Describe pages, each with the proof that its leaf is in the log of `tree_size` leaves."""
    size = ledger.size(PAYLOAD_LOG) if ledger is not None and tree_size is None else tree_size
    root = ledger.root(PAYLOAD_LOG, size) if ledger is not None else b""
    return tuple(
        TracedPage(
            log_index=page.log_index,
            source=page.source,
            stream=page.stream,
            scope=page.scope,
            parent_key=page.parent_key,
            window_id=page.window_id,
            sequence=page.sequence,
            method=page.method,
            url=page.url,
            status=page.status,
            fetched_at=page.fetched_at,
            run_id=page.run_id,
            body_sha256=page.body_sha256,
            record_count=page.record_count,
            redactions=redactions.get(page.log_index, ()),
            proof=_proof(ledger, page.log_index, size or 0, root) if ledger is not None else None,
        )
        for page in pages
    )


def _proof(ledger: Ledger, log_index: int, size: int, root: bytes) -> PageProof:
    """Prove that a leaf is in the log; a proof that cannot be formed is an invalid one."""
    try:
        leaf = ledger.leaf(PAYLOAD_LOG, log_index)
        leaf_hash = merkle.leaf_hash(leaf)
        path = ledger.inclusion_proof(PAYLOAD_LOG, log_index, size)
    except (LedgerError, ValueError):
        return PageProof(size, root.hex(), "", (), is_valid=False)
    is_valid = merkle.verify_inclusion(leaf_hash, log_index, size, path, root=root)
    nodes = tuple(node.hex() for node in path)
    return PageProof(
        size, root.hex(), leaf_hash.hex(), nodes, is_valid, leaf.decode("utf-8", "backslashreplace")
    )


def record_sha256(value: Any) -> str:
    """Hash a record: its JSON with sorted keys and no white space, as UTF-8; or its text."""
    if not isinstance(value, str):
        value = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()


def _record(
    record: EvidenceRecord, use: RecordUse, redactions: Mapping[int, tuple[TracedRedaction, ...]]
) -> TracedRecord:
    page_redactions = redactions.get(record.page.log_index, ())
    paths = [path for redaction in page_redactions for path in redaction.json_paths]
    return TracedRecord(
        record_id=record.record_id,
        use=use,
        log_index=record.page.log_index,
        ordinal=record.ordinal,
        is_text=isinstance(record.value, str),
        value=record.value,
        redacted_paths=tuple(path for path in paths if _is_in_record(path, record)),
        sha256=record_sha256(record.value),
    )


def _is_in_record(path: str, record: EvidenceRecord) -> bool:
    """Whether a page's JSON path lies in this record: at its position, at any, or in the only one."""
    found = _LEADING_POSITION.match(path)
    if found is None:
        return record.page.record_count <= 1
    return found[1] in {"*", str(record.ordinal)}


def _redactions(
    recorded: Sequence[EvidenceRedaction], pages: Mapping[int, EvidencePage]
) -> Mapping[int, tuple[TracedRedaction, ...]]:
    by_page: dict[int, list[TracedRedaction]] = {}
    for one in recorded:
        if one.log_index in pages:
            by_page.setdefault(one.log_index, []).append(
                TracedRedaction(one.json_paths, one.policy, one.redacted_at, one.governance_index)
            )
    return {log_index: tuple(found) for log_index, found in by_page.items()}
