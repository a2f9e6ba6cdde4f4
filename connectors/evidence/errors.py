"""What can go wrong with evidence.

EvidenceError
├── EvidenceInputError    a batch is not one that may be committed; nothing was written
├── EvidenceMissingError  there is no such page or record
├── EvidenceDamagedError  stored evidence is not as it was recorded
└── RedactionError        a redaction is refused; nothing was changed
"""


class EvidenceError(Exception):
    """Any failure of the evidence store."""


class EvidenceInputError(EvidenceError, ValueError):
    """What was handed in cannot be committed."""


class EvidenceMissingError(EvidenceError, LookupError):
    """The page or record does not exist."""


class EvidenceDamagedError(EvidenceError):
    """A file or page is not as the ledger says; `assay verify` names all of them."""


class RedactionError(EvidenceError):
    """A redaction cannot be done as asked."""
