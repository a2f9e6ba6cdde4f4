"""A witness: cosign a checkpoint only where it extends what was seen before (https://c2sp.org/tlog-witness).

A request is the text that `POST /add-checkpoint` takes; by file it is the same text. A witness keeps the
newest checkpoint of each log that it watches, and that is on disk before the cosignature leaves its hands.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from lineage.ledger import merkle
from lineage.ledger.checkpoint import Checkpoint
from lineage.ledger.cosignature import WitnessSigner
from lineage.ledger.errors import (
    ForkError,
    InconsistencyError,
    MalformedRequestError,
    NoteError,
    OldSizeError,
    UnknownLogError,
    UntrustedLogKeyError,
)
from lineage.ledger.key_text import base64_text
from lineage.ledger.note import Note, NoteSignature, NoteVerifier
from lineage.ledger.proof import decimal, hashes_of

MOST_REQUEST_BYTES = 64 * 1024
_MOST_HASHES = 63


@dataclass(frozen=True, slots=True)
class WitnessRequest:
    """What a log asks of a witness: cosign this checkpoint, which extends the one of `old_size` leaves."""

    old_size: int
    path: tuple[bytes, ...]
    checkpoint: str

    def document(self) -> str:
        """The body of a request, and the content of a request's file."""
        lines = [f"old {self.old_size}", *(base64_text(each) for each in self.path)]
        return "\n".join(lines) + "\n\n" + self.checkpoint

    @classmethod
    def parse(cls, document: str) -> "WitnessRequest":
        """Read a request.

        Raises:
            MalformedRequestError: it is none.
        """
        head, separator, checkpoint = document.partition("\n\n")
        lines = head.split("\n")
        if not separator or not lines[0].startswith("old "):
            raise MalformedRequestError(
                "a request is `old` and a size, hashes, a blank line and a checkpoint"
            )
        if len(lines) - 1 > _MOST_HASHES:
            raise MalformedRequestError(f"a consistency proof has at most {_MOST_HASHES} hashes")
        try:
            old_size = decimal(lines[0].removeprefix("old "), "old size")
            request = cls(old_size, hashes_of(lines[1:]), checkpoint)
            Checkpoint.parse(Note.parse(checkpoint).text)
        except NoteError as error:
            raise MalformedRequestError(f"the request cannot be read: {error}") from error
        return request


@dataclass(frozen=True, slots=True)
class Seen:
    """The newest checkpoint of a log that a witness cosigned; `checkpoint` is its text."""

    size: int
    root: bytes
    checkpoint: str


class WitnessMemory(Protocol):
    """What a witness remembers. Only one request at a time has it open."""

    def opened(self, origin: str) -> AbstractContextManager["OpenMemory"]:
        """Keep everybody else away from the log's entry until the block ends."""


class OpenMemory(Protocol):
    """A log's entry, while nobody else can change it."""

    @property
    def seen(self) -> Seen | None:
        """What was cosigned last; None before the first time."""

    def remember(self, seen: Seen) -> None:
        """Keep this; it is durable when the call returns."""

    def accuse(self, request: WitnessRequest, reason: str) -> None:
        """Keep a request that shows a log to have misbehaved."""


class Witness:
    """Cosigns checkpoints of the logs that it watches.

    Args:
        signer: the witness's own key.
        logs: by a log's origin line, the keys that may sign for it.
        memory: what was seen before.
        clock: the present instant.
    """

    def __init__(
        self,
        signer: WitnessSigner,
        logs: Mapping[str, tuple[NoteVerifier, ...]],
        *,
        memory: WitnessMemory,
        clock: Callable[[], datetime],
    ) -> None:
        self._signer = signer
        self._logs = logs
        self._memory = memory
        self._clock = clock

    def add_checkpoint(self, request: WitnessRequest) -> NoteSignature:
        """Cosign what a request asks for, once it is proven and remembered.

        Raises:
            UnknownLogError: this log is not watched.
            UntrustedLogKeyError: no trusted key of the log signed, or its signature does not hold.
            MalformedRequestError: the old size is greater than the checkpoint's.
            OldSizeError: the old size is not what was seen last.
            ForkError: the log has another root at the size that was seen last.
            InconsistencyError: the consistency proof does not hold.
        """
        checkpoint, text = self._signed(request)
        if request.old_size > checkpoint.size:
            raise MalformedRequestError(
                f"the old size {request.old_size} is greater than the checkpoint's, {checkpoint.size}"
            )
        with self._memory.opened(checkpoint.origin) as memory:
            _check_growth(request, checkpoint, memory)
            memory.remember(Seen(checkpoint.size, checkpoint.root, text))
            return self._signer.cosign(text, at=self._clock())

    def _signed(self, request: WitnessRequest) -> tuple[Checkpoint, str]:
        note = Note.parse(request.checkpoint)
        checkpoint = Checkpoint.parse(note.text)
        trusted = self._logs.get(checkpoint.origin)
        if trusted is None:
            raise UnknownLogError(f"this witness does not watch the log {checkpoint.origin}")
        try:
            note.verified_by(trusted)
        except NoteError as error:
            raise UntrustedLogKeyError(f"the checkpoint of {checkpoint.origin}: {error}") from error
        return checkpoint, note.text


def _check_growth(request: WitnessRequest, checkpoint: Checkpoint, memory: OpenMemory) -> None:
    seen = memory.seen
    size, root = (seen.size, seen.root) if seen else (0, merkle.EMPTY_ROOT)
    if seen and checkpoint.size == size and checkpoint.root != root:
        memory.accuse(request, "fork")
        raise ForkError(
            f"{checkpoint.origin} had another root when this witness saw it at size {size}: its history was "
            "rewritten, or there are two of it",
            size=size,
        )
    if request.old_size != size:
        going_back = "; the log may have been rolled back" if checkpoint.size < size else ""
        raise OldSizeError(
            f"the proof for {checkpoint.origin} starts from size {request.old_size}, this witness last saw "
            f"size {size}{going_back}",
            size=size,
        )
    if not merkle.verify_consistency(size, checkpoint.size, root, checkpoint.root, request.path):
        memory.accuse(request, "inconsistent")
        raise InconsistencyError(
            f"the proof does not show that {checkpoint.origin} at size {checkpoint.size} extends what this "
            f"witness saw at size {size}"
        )
