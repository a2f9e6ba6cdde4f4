"""What can go wrong with a ledger.

LedgerError
├── CanonicalError   a value has no canonical JSON form
├── NoteError        a signed note or key is malformed, or no known key signed it
├── LedgerBusyError  another process kept the ledger for longer than the timeout (also a TimeoutError)
└── LedgerFileError  the ledger's file cannot be read or written (also an OSError)
"""


class LedgerError(Exception):
    """Any failure of the ledger."""


class CanonicalError(LedgerError, ValueError):
    """A value cannot be written as canonical JSON."""


class NoteError(LedgerError, ValueError):
    """A signed note or a key is malformed, or its signature does not hold."""


class LedgerBusyError(LedgerError, TimeoutError):
    """Another process holds the ledger; try again when it has finished."""


class LedgerFileError(LedgerError, OSError):
    """The ledger's file cannot be read or written."""
