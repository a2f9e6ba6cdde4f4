"""Cosignatures: a witness says when it saw that a log had only grown (https://c2sp.org/tlog-cosignature).

A cosignature is a signature line of a checkpoint. Its 72 bytes are the POSIX time, big-endian, and an Ed25519
signature over `cosignature/v1`, the time and the checkpoint's text, so that neither can be changed alone.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from lineage.ledger.checkpoint import Checkpoint
from lineage.ledger.errors import NoteError
from lineage.ledger.key_text import (
    COSIGNATURE_KEY,
    KEY_BYTES,
    PRIVATE,
    check_key_id,
    check_length,
    check_name,
    key_id,
    key_text,
    parse_key,
)
from lineage.ledger.note import Note, NoteSignature

_TIME_BYTES = 8
_SIGNATURE_BYTES = 64
_LAST_TIME = 253_402_300_799  # the end of the year 9999, which is the last that a datetime can name


@dataclass(frozen=True, slots=True)
class WitnessKey:
    """A witness's name and public key."""

    name: str
    public_key: bytes

    def __post_init__(self) -> None:
        check_name(self.name)
        check_length(self.name, "key", self.public_key)

    @classmethod
    def parse(cls, text: str) -> "WitnessKey":
        """Read `<name>+<key id>+<base64>`.

        Raises:
            NoteError: it has another form, or is the key of a log.
        """
        name, key, stated = parse_key(text.strip(), "witness key", kind=COSIGNATURE_KEY)
        witness = cls(name, key)
        check_key_id(stated, witness.key_id)
        return witness

    @property
    def key_id(self) -> bytes:
        """Four bytes that tell keys of one name apart."""
        return key_id(self.name, COSIGNATURE_KEY, self.public_key)

    def text(self) -> str:
        """The key as one line, to hand to whoever relies on the witness."""
        return key_text(self.name, self.key_id, COSIGNATURE_KEY, self.public_key)

    def holds(self, message: bytes, signature: bytes) -> bool:
        """Whether these 72 bytes are this witness's cosignature of a checkpoint's text."""
        if len(signature) != _TIME_BYTES + _SIGNATURE_BYTES:
            return False
        seconds = int.from_bytes(signature[:_TIME_BYTES], "big")
        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(
                signature[_TIME_BYTES:], _message(seconds, message)
            )
        except InvalidSignature:
            return False
        return seconds <= _LAST_TIME


@dataclass(frozen=True, slots=True)
class WitnessSigner:
    """A witness's name and private key. Its text form is a secret."""

    name: str
    seed: bytes = field(repr=False)

    def __post_init__(self) -> None:
        check_name(self.name)
        check_length(self.name, "seed", self.seed)

    @classmethod
    def generate(cls, name: str, *, random_bytes: Callable[[int], bytes]) -> "WitnessSigner":
        """A new key from a cryptographic source of randomness."""
        return cls(name, random_bytes(KEY_BYTES))

    @classmethod
    def parse(cls, text: str) -> "WitnessSigner":
        """Read `PRIVATE+KEY+<name>+<key id>+<base64>`.

        Raises:
            NoteError: it is no witness's private key.
        """
        stripped = text.strip()
        if not stripped.startswith(PRIVATE):
            raise NoteError(f"a witness's private key starts with {PRIVATE}")
        name, seed, stated = parse_key(
            stripped.removeprefix(PRIVATE), "private witness key", kind=COSIGNATURE_KEY
        )
        signer = cls(name, seed)
        check_key_id(stated, signer.key.key_id)
        return signer

    @property
    def key(self) -> WitnessKey:
        """The public half."""
        return WitnessKey(self.name, self._private().public_key().public_bytes_raw())

    def text(self) -> str:
        """The private key as one line, to be kept by the witness alone."""
        return PRIVATE + key_text(self.name, self.key.key_id, COSIGNATURE_KEY, self.seed)

    def cosign(self, checkpoint: Checkpoint | str, *, at: datetime) -> NoteSignature:
        """Cosign a checkpoint, or the very text of one that has extension lines.

        Args:
            checkpoint: what was verified to extend everything that this witness saw before.
            at: when; it has a time zone.
        """
        text = checkpoint if isinstance(checkpoint, str) else checkpoint.text()
        seconds = int(at.astimezone(UTC).timestamp())
        signature = self._private().sign(_message(seconds, text.encode()))
        return NoteSignature(self.name, self.key.key_id, seconds.to_bytes(_TIME_BYTES, "big") + signature)

    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)


def cosigned_at(signature: NoteSignature) -> datetime:
    """The instant that a cosignature states; whether it holds is for `WitnessKey.holds` to say.

    Raises:
        NoteError: the line is no cosignature.
    """
    seconds = int.from_bytes(signature.signature[:_TIME_BYTES], "big")
    if len(signature.signature) != _TIME_BYTES + _SIGNATURE_BYTES or seconds > _LAST_TIME:
        raise NoteError(f"the line of {signature.name} is no cosignature")
    return datetime.fromtimestamp(seconds, UTC)


def find_cosignature(note: Note, witness: WitnessKey) -> NoteSignature | None:
    """The witness's own line of a note, or None where it has none.

    Raises:
        NoteError: a line claims to be this witness's, and does not hold for the note's text.
    """
    for line in note.signatures:
        if (line.name, line.key_id) == (witness.name, witness.key_id):
            if not witness.holds(note.text.encode(), line.signature):
                raise NoteError(f"the cosignature of {witness.name} does not hold for this checkpoint")
            return line
    return None


def _message(seconds: int, text: bytes) -> bytes:
    return b"cosignature/v1\ntime %d\n" % seconds + text
