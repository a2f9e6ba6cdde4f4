"""Proofs that verify offline: a leaf's path to a signed checkpoint in one text (https://c2sp.org/tlog-proof).

c2sp.org/tlog-proof@v1
extra <base64 of whatever the application needs; nothing authenticates it>
index 73894
<base64 hash, from the leaf's sibling to the root's child>
...

<the checkpoint, with its signature and the cosignatures of witnesses>
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lineage.ledger import merkle
from lineage.ledger.checkpoint import Checkpoint
from lineage.ledger.errors import ProofError
from lineage.ledger.key_text import base64_text, parse_base64
from lineage.ledger.note import Note, SomeVerifier

SUFFIX = ".tlog-proof"
_HEADER = "c2sp.org/tlog-proof@v1"
_HASH_BYTES = 32
_LONGEST_PATH = 63  # a log has fewer than 2**63 leaves


@dataclass(frozen=True, slots=True)
class TlogProof:
    """Where a leaf stands in a log, the path from it to the root, and who signed that root.

    Attributes:
        index: the leaf's, from 0.
        path: hashes, from the leaf's sibling to the root's child.
        checkpoint: the signed note, as it was issued.
        extra: what the application adds; it must be authenticated by other means.
    """

    index: int
    path: tuple[bytes, ...]
    checkpoint: str
    extra: bytes = b""

    def document(self) -> str:
        """The proof as a file."""
        lines = [_HEADER]
        if self.extra:
            lines.append(f"extra {base64_text(self.extra)}")
        lines.append(f"index {self.index}")
        lines += [base64_text(each) for each in self.path]
        return "\n".join(lines) + "\n\n" + self.checkpoint

    @classmethod
    def parse(cls, document: str) -> "TlogProof":
        """Read a proof; nothing of it is believed yet.

        Raises:
            NoteError: it is no proof, or not in the only form that it may have.
        """
        head, separator, checkpoint = document.partition("\n\n")
        lines = head.split("\n")
        if not separator or lines.pop(0) != _HEADER:
            raise ProofError(f"a proof begins with the line {_HEADER} and ends with a checkpoint")
        extra = b""
        if lines and lines[0].startswith("extra "):
            extra = parse_base64(lines.pop(0).removeprefix("extra "), "proof's extra data")
        index = _index(lines.pop(0) if lines else "")
        if len(lines) > _LONGEST_PATH:
            raise ProofError(f"a path has at most {_LONGEST_PATH} hashes; this has {len(lines)}")
        proof = cls(index, tuple(_hash(line) for line in lines), checkpoint, extra)
        Note.parse(checkpoint)
        if proof.document() != document:
            raise ProofError("the proof is not spelled as proofs are")
        return proof

    def stated(self) -> Checkpoint:
        """The checkpoint's content, whoever signed it.

        Raises:
            NoteError: it is no checkpoint.
        """
        return Checkpoint.parse(Note.parse(self.checkpoint).text)

    def verify(
        self, leaf: bytes, verifiers: Iterable[SomeVerifier]
    ) -> tuple[Checkpoint, tuple[SomeVerifier, ...]]:
        """The checkpoint that covers a leaf, and those of the verifiers that signed it.

        Raises:
            ProofError: the path does not lead from the leaf to the checkpoint's root.
            NoteError: none of the verifiers signed the checkpoint, or a signature of theirs does not hold.
        """
        signed_by = Note.parse(self.checkpoint).verified_by(verifiers)
        checkpoint = self.stated()
        leads_there = merkle.verify_inclusion(
            merkle.leaf_hash(leaf), self.index, checkpoint.size, self.path, root=checkpoint.root
        )
        if not leads_there:
            raise ProofError(
                f"the path does not lead from this leaf at index {self.index} to the root that "
                f"{checkpoint.origin} had at size {checkpoint.size}"
            )
        return checkpoint, signed_by


def hashes_of(lines: Sequence[str]) -> tuple[bytes, ...]:
    """Read one hash per line.

    Raises:
        NoteError: a line is no hash.
    """
    return tuple(_hash(line) for line in lines)


def decimal(text: str, what: str) -> int:
    """Read a decimal number without sign, space or leading zero.

    Raises:
        ProofError: it is none.
    """
    is_number = text.isascii() and text.isdigit() and (text == "0" or not text.startswith("0"))
    if not is_number or len(text) > 19:  # noqa: PLR2004 - digits of 2**63
        raise ProofError(f"the {what} {text[:40]!r} is not a decimal number")
    return int(text)


def _index(line: str) -> int:
    if not line.startswith("index "):
        raise ProofError("the line before a proof's hashes is `index` and a number")
    return decimal(line.removeprefix("index "), "proof's index")


def _hash(line: str) -> bytes:
    digest = parse_base64(line, "hash")
    if len(digest) != _HASH_BYTES:
        raise ProofError(f"a hash has {_HASH_BYTES} bytes, not {len(digest)}")
    return digest
