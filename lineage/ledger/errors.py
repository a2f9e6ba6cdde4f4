"""What can go wrong with a ledger.

LedgerError
├── CanonicalError   a value has no canonical JSON form
├── NoteError        a signed note or key is malformed, or no known key signed it
│   ├── ProofError   a proof is malformed, or does not lead from the leaf to the root
│   └── RotationError  a change of the signing key does not hold
├── AnchorError      a timestamp is malformed, or no trusted authority gave it for this checkpoint
├── WitnessError     a witness will not cosign; `status` says why in the terms of HTTP
│   ├── MalformedRequestError   400: not a request, or it asks for less than it starts from
│   ├── UntrustedLogKeyError    403: no key that the witness trusts for this log signed
│   ├── UnknownLogError         404: the witness does not watch this log
│   ├── OldSizeError            409: the proof does not start from what the witness last saw
│   ├── ForkError               409: the log shows another root for a size that the witness saw
│   └── InconsistencyError      422: the proof does not show that the log only grew
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


class ProofError(NoteError):
    """A proof is malformed, or does not lead from the leaf to the root."""


class RotationError(NoteError):
    """A change of the signing key is malformed, or one of the two keys did not sign it."""


class AnchorError(LedgerError, ValueError):
    """A timestamp is malformed, or no trusted authority gave it for this checkpoint."""


class WitnessError(LedgerError):
    """A witness will not cosign."""

    status = 500


class MalformedRequestError(WitnessError):
    """What was sent is no request."""

    status = 400


class UntrustedLogKeyError(WitnessError):
    """No key that the witness trusts for this log signed the checkpoint."""

    status = 403


class UnknownLogError(WitnessError):
    """The witness does not watch this log."""

    status = 404


class OldSizeError(WitnessError):
    """The proof does not start from what the witness last saw; `size` is what it would have to start from."""

    status = 409

    def __init__(self, message: str, *, size: int) -> None:
        super().__init__(message)
        self.size = size


class ForkError(OldSizeError):
    """The log shows another root for a size that the witness saw already."""


class InconsistencyError(WitnessError):
    """The proof does not show that the log only grew."""

    status = 422
