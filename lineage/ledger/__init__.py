"""The ledger: what was fetched, decided and published, in two Merkle logs that nobody can rewrite unseen.

`Ledger` appends and proves; `merkle` holds the pure hash functions and checks of proofs; `NoteSigner`,
`NoteVerifier` and `verify_note` are C2SP signed notes; `canonical_json` makes leaves. `TlogProof` is a proof
that verifies offline, `Trust` follows changes of the key, `Witness` cosigns for another department.
"""

from lineage.ledger.canonical import canonical_json
from lineage.ledger.checkpoint import Checkpoint
from lineage.ledger.cosignature import WitnessKey, WitnessSigner, cosigned_at, find_cosignature
from lineage.ledger.endorsements import Anchor, Cosignature
from lineage.ledger.errors import (
    AnchorError,
    CanonicalError,
    LedgerBusyError,
    LedgerError,
    LedgerFileError,
    NoteError,
    ProofError,
    RotationError,
    WitnessError,
)
from lineage.ledger.finding import Finding
from lineage.ledger.ledger import Ledger
from lineage.ledger.note import Note, NoteSignature, NoteSigner, NoteVerifier, sign_note, verify_note
from lineage.ledger.proof import TlogProof
from lineage.ledger.rotation import KeyRotation, append_rotation
from lineage.ledger.seal import Seal
from lineage.ledger.transaction import LedgerTransaction
from lineage.ledger.tree import MerkleTree
from lineage.ledger.trust import Trust, TrustedKey
from lineage.ledger.verification import verify_ledger
from lineage.ledger.witness import Witness, WitnessRequest

__all__ = [
    "Anchor",
    "AnchorError",
    "CanonicalError",
    "Checkpoint",
    "Cosignature",
    "Finding",
    "KeyRotation",
    "Ledger",
    "LedgerBusyError",
    "LedgerError",
    "LedgerFileError",
    "LedgerTransaction",
    "MerkleTree",
    "Note",
    "NoteError",
    "NoteSignature",
    "NoteSigner",
    "NoteVerifier",
    "ProofError",
    "RotationError",
    "Seal",
    "TlogProof",
    "Trust",
    "TrustedKey",
    "Witness",
    "WitnessError",
    "WitnessKey",
    "WitnessRequest",
    "WitnessSigner",
    "append_rotation",
    "canonical_json",
    "cosigned_at",
    "find_cosignature",
    "sign_note",
    "verify_ledger",
    "verify_note",
]
