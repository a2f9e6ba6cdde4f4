"""C2SP signed notes with Ed25519: a text, a blank line, and one line per signature.

Format: https://c2sp.org/signed-note. Keys have the text forms of Go's `sumdb/note`, so other tools read them:
`<name>+<key id>+<base64>` for verifying, `PRIVATE+KEY+<name>+<key id>+<base64>` for signing.
"""

import hmac
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from lineage.ledger.errors import NoteError
from lineage.ledger.key_text import (
    KEY_BYTES,
    KEY_ID_BYTES,
    NOTE_KEY,
    PRIVATE,
    base64_text,
    check_key_id,
    check_length,
    check_name,
    key_id,
    key_text,
    parse_base64,
    parse_key,
)

_MOST_SIGNATURES = 100  # Go's sumdb/note reads no more
_SIGNED_PARTS = "\n\n"
_LINE_START = "— "


class Verifier(Protocol):
    """Whoever can tell whether a line is theirs: the key of a log, or that of a witness."""

    @property
    def name(self) -> str:
        """The name in the line."""

    @property
    def key_id(self) -> bytes:
        """The four bytes before the signature."""

    def holds(self, message: bytes, signature: bytes) -> bool:
        """Whether the signature over the note's text is this key's."""


SomeVerifier = TypeVar("SomeVerifier", bound=Verifier)


@dataclass(frozen=True, slots=True)
class NoteVerifier:
    """A name and a public key that is trusted to sign under it."""

    name: str
    public_key: bytes

    def __post_init__(self) -> None:
        check_name(self.name)
        check_length(self.name, "key", self.public_key)

    @classmethod
    def parse(cls, text: str) -> "NoteVerifier":
        """Read `<name>+<key id>+<base64>`."""
        name, key, stated = parse_key(text.strip(), "verifier key", kind=NOTE_KEY)
        verifier = cls(name, key)
        check_key_id(stated, verifier.key_id)
        return verifier

    @property
    def key_id(self) -> bytes:
        """Four bytes that tell keys of one name apart."""
        return key_id(self.name, NOTE_KEY, self.public_key)

    def text(self) -> str:
        """The key as one line, to hand to whoever verifies."""
        return key_text(self.name, self.key_id, NOTE_KEY, self.public_key)

    def holds(self, message: bytes, signature: bytes) -> bool:
        """Whether the signature over the message is this key's."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(signature, message)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class NoteSigner:
    """A name and the private key that signs under it. Its text form is a secret."""

    name: str
    seed: bytes = field(repr=False)

    def __post_init__(self) -> None:
        check_name(self.name)
        check_length(self.name, "seed", self.seed)

    @classmethod
    def generate(cls, name: str, *, random_bytes: Callable[[int], bytes]) -> "NoteSigner":
        """A new key from a cryptographic source of randomness."""
        return cls(name, random_bytes(KEY_BYTES))

    @classmethod
    def parse(cls, text: str) -> "NoteSigner":
        """Read `PRIVATE+KEY+<name>+<key id>+<base64>`."""
        stripped = text.strip()
        if not stripped.startswith(PRIVATE):
            raise NoteError(f"a signing key starts with {PRIVATE}")
        name, seed, stated = parse_key(stripped.removeprefix(PRIVATE), "signing key", kind=NOTE_KEY)
        signer = cls(name, seed)
        check_key_id(stated, signer.verifier.key_id)
        return signer

    @property
    def verifier(self) -> NoteVerifier:
        """The public half."""
        return NoteVerifier(self.name, self._key().public_key().public_bytes_raw())

    def text(self) -> str:
        """The private key as one line. Keep it outside the data folder, readable by its owner only."""
        return PRIVATE + key_text(self.name, self.verifier.key_id, NOTE_KEY, self.seed)

    def sign(self, message: bytes) -> bytes:
        """The Ed25519 signature of a message."""
        return self._key().sign(message)

    def secret(self, purpose: str) -> bytes:
        """Thirty-two bytes that only this key's holder can derive, others for each purpose."""
        return hmac.digest(self.seed, b"assay secret, 1\n" + purpose.encode(), "sha256")

    def _key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line of a note."""

    name: str
    key_id: bytes
    signature: bytes

    def line(self) -> str:
        """The line as it stands in the note."""
        return f"{_LINE_START}{self.name} {base64_text(self.key_id + self.signature)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A text that ends with a newline, and its signatures."""

    text: str
    signatures: tuple[NoteSignature, ...]

    @classmethod
    def parse(cls, document: str) -> "Note":
        """Read a signed note without checking signatures.

        Raises:
            NoteError: the document is no signed note.
        """
        if any((ord(character) < ord(" ") and character != "\n") for character in document):
            raise NoteError("a signed note has no control characters")
        text, separator, tail = document.rpartition(_SIGNED_PARTS)
        if not separator or not tail.endswith("\n"):
            raise NoteError("a signed note is a text, a blank line and lines of signatures")
        lines = tail[:-1].split("\n")
        if len(lines) > _MOST_SIGNATURES:
            raise NoteError(f"a signed note has at most {_MOST_SIGNATURES} signatures; this has {len(lines)}")
        return cls(text + "\n", tuple(parse_signature_line(line) for line in lines))

    def with_signatures(self, lines: Iterable[NoteSignature]) -> "Note":
        """The note with more signatures; those that it has already are not doubled."""
        return Note(self.text, tuple(dict.fromkeys((*self.signatures, *lines))))

    def document(self) -> str:
        """The note as it is stored and sent."""
        return self.text + "\n" + "".join(signature.line() for signature in self.signatures)

    def verified_by(self, verifiers: Iterable[SomeVerifier]) -> tuple[SomeVerifier, ...]:
        """Those of the verifiers that signed; signatures of unknown keys are ignored.

        Raises:
            NoteError: a line claims one of the keys and its signature does not hold, or none of them signed.
        """
        known = {(verifier.name, verifier.key_id): verifier for verifier in verifiers}
        found: list[SomeVerifier] = []
        for line in self.signatures:
            verifier = known.get((line.name, line.key_id))
            if verifier is None or verifier in found:
                continue
            if not verifier.holds(self.text.encode(), line.signature):
                raise NoteError(
                    f"the signature of {line.name} ({line.key_id.hex()}) does not hold for this text"
                )
            found.append(verifier)
        if not found:
            raise NoteError("no known key has signed this note")
        return tuple(found)


def sign_note(text: str, signers: Sequence[NoteSigner]) -> str:
    """A signed note over the text.

    Raises:
        NoteError: the text does not end with a newline or holds control characters, or nobody signs.
    """
    if not text.endswith("\n"):
        raise NoteError("the text of a note ends with a newline")
    if not signers:
        raise NoteError("a note needs a signer")
    message = text.encode()
    lines = tuple(NoteSignature(each.name, each.verifier.key_id, each.sign(message)) for each in signers)
    document = Note(text, lines).document()
    if Note.parse(document).text != text:
        raise NoteError("the text would not be read back as it is")
    return document


def verify_note(document: str, verifiers: Iterable[NoteVerifier]) -> Note:
    """Read a note that at least one of the verifiers signed.

    Raises:
        NoteError: it is malformed, or no verifier's signature holds.
    """
    note = Note.parse(document)
    note.verified_by(verifiers)
    return note


def parse_signature_line(line: str) -> NoteSignature:
    """Read one signature line, without its newline.

    Raises:
        NoteError: it is none.
    """
    name, space, encoded = line.removeprefix(_LINE_START).partition(" ")
    if not line.startswith(_LINE_START) or not space:
        raise NoteError("a signature line is a dash, a name and a signature")
    check_name(name)
    blob = parse_base64(encoded, "signature")
    if len(blob) <= KEY_ID_BYTES:
        raise NoteError(f"the signature of {name} is too short")
    return NoteSignature(name, blob[:KEY_ID_BYTES], blob[KEY_ID_BYTES:])
