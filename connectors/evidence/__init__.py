"""Evidence: every response body as received, committed together with where its stream continues.

`EvidenceStore` commits a `Batch` (one Parquet file, one ledger transaction), reads pages and records back,
and checks itself against the ledger. Record ids are made and split by `record_id_of` and `split_record_id`.
"""

from connectors.evidence.errors import (
    EvidenceDamagedError,
    EvidenceError,
    EvidenceInputError,
    EvidenceMissingError,
    RedactionError,
)
from connectors.evidence.pages import (
    Batch,
    ChildDone,
    CursorUpdate,
    Page,
    PageRef,
    ParentVersion,
    Validator,
    WindowClose,
)
from connectors.evidence.ports import LedgerPort, LedgerTransactionPort
from connectors.evidence.record_ids import record_id_of, split_record_id
from connectors.evidence.record_values import records_of
from connectors.evidence.redaction_statement import RedactionOrder, SignaturePort, signed_message
from connectors.evidence.rereading import RereadingStore
from connectors.evidence.results import (
    CommitResult,
    CompactionReport,
    EvidenceFile,
    Finding,
    RecoveryReport,
    Redaction,
    StoredPage,
    StoredRecord,
    StreamTotals,
)
from connectors.evidence.store import EvidenceStore
from connectors.evidence.window_table import WINDOW_SCHEMA

__all__ = [
    "WINDOW_SCHEMA",
    "Batch",
    "ChildDone",
    "CommitResult",
    "CompactionReport",
    "CursorUpdate",
    "EvidenceDamagedError",
    "EvidenceError",
    "EvidenceFile",
    "EvidenceInputError",
    "EvidenceMissingError",
    "EvidenceStore",
    "Finding",
    "LedgerPort",
    "LedgerTransactionPort",
    "Page",
    "PageRef",
    "ParentVersion",
    "RecoveryReport",
    "Redaction",
    "RedactionError",
    "RedactionOrder",
    "RereadingStore",
    "SignaturePort",
    "StoredPage",
    "StoredRecord",
    "StreamTotals",
    "Validator",
    "WindowClose",
    "record_id_of",
    "records_of",
    "signed_message",
    "split_record_id",
]
