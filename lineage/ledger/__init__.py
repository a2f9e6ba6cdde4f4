"""The ledger: what was fetched, decided and published, in two Merkle logs that nobody can rewrite unseen.

`Ledger` appends and proves; `merkle` holds the pure hash functions and checks of proofs; `NoteSigner`,
`NoteVerifier` and `verify_note` are C2SP signed notes; `canonical_json` makes leaves.
"""

from lineage.ledger.canonical import canonical_json
from lineage.ledger.checkpoint import Checkpoint
from lineage.ledger.errors import CanonicalError, LedgerBusyError, LedgerError, LedgerFileError, NoteError
from lineage.ledger.ledger import Ledger
from lineage.ledger.note import Note, NoteSignature, NoteSigner, NoteVerifier, sign_note, verify_note
from lineage.ledger.seal import Seal
from lineage.ledger.transaction import LedgerTransaction
from lineage.ledger.verification import Finding, verify_ledger

__all__ = [
    "CanonicalError",
    "Checkpoint",
    "Finding",
    "Ledger",
    "LedgerBusyError",
    "LedgerError",
    "LedgerFileError",
    "LedgerTransaction",
    "Note",
    "NoteError",
    "NoteSignature",
    "NoteSigner",
    "NoteVerifier",
    "Seal",
    "canonical_json",
    "sign_note",
    "verify_ledger",
    "verify_note",
]
