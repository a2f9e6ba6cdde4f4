"""C2SP checkpoints: the text of a note that states a log's size and root (https://c2sp.org/tlog-checkpoint)."""

import base64
import binascii
from dataclasses import dataclass

from lineage.ledger.errors import NoteError

_LEAST_LINES = 3
_ROOT_BYTES = 32


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log said about itself: so many leaves with this root."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The text to sign: origin, size and base64 root on a line each."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @classmethod
    def parse(cls, text: str) -> "Checkpoint":
        """Read a checkpoint's text; extension lines are allowed and ignored.

        Raises:
            NoteError: it is no checkpoint.
        """
        lines = text.split("\n")
        if len(lines) <= _LEAST_LINES or not lines[0]:
            raise NoteError("a checkpoint has the lines origin, size and root")
        if not (lines[1].isascii() and lines[1].isdigit()) or lines[1] != str(int(lines[1])):
            raise NoteError(f"the checkpoint's size {lines[1]!r} is not a decimal number")
        try:
            root = base64.b64decode(lines[2], validate=True)
        except (binascii.Error, ValueError) as error:
            raise NoteError(f"the checkpoint's root is not base64: {error}") from error
        if len(root) != _ROOT_BYTES:
            raise NoteError(f"the checkpoint's root has {len(root)} bytes, not {_ROOT_BYTES}")
        return cls(lines[0], int(lines[1]), root)
