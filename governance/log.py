"""The seam to the ledger: what governance needs of whoever keeps the governance log."""

from contextlib import AbstractContextManager
from typing import Protocol

GOVERNANCE_LOG = "governance"


class LogTransaction(Protocol):
    """All or nothing: leaves appended here exist together or not at all."""

    def append(self, log: str, leaf: bytes) -> int:
        """Append a leaf and return its index."""
        ...

    def size(self, log: str) -> int:
        """Leaves in the log, those of this transaction included."""
        ...


class GovernanceLog(Protocol):
    """Opens transactions on the log."""

    def transaction(self) -> AbstractContextManager[LogTransaction]:
        """Begin; commit on leaving, or roll back on an error."""
        ...
