"""C2SP signed notes with Ed25519: a text, a blank line, and one line per signature.

Format: https://c2sp.org/signed-note. Keys have the text forms of Go's `sumdb/note`, so other tools read them:
`<name>+<key id>+<base64>` for verifying, `PRIVATE+KEY+<name>+<key id>+<base64>` for signing.
"""

import base64
import binascii
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from lineage.ledger.errors import NoteError

_ED25519 = b"\x01"
_KEY_BYTES = 32
_KEY_ID_BYTES = 4
_MOST_SIGNATURES = 100  # Go's sumdb/note reads no more
_SIGNED_PARTS = "\n\n"
_LINE_START = "— "
_PRIVATE = "PRIVATE+KEY+"


@dataclass(frozen=True, slots=True)
class NoteVerifier:
    """A name and a public key that is trusted to sign under it."""

    name: str
    public_key: bytes

    def __post_init__(self) -> None:
        _check_name(self.name)
        if len(self.public_key) != _KEY_BYTES:
            raise NoteError(
                f"the Ed25519 key of {self.name} has {len(self.public_key)} bytes, not {_KEY_BYTES}"
            )

    @classmethod
    def parse(cls, text: str) -> "NoteVerifier":
        """Read `<name>+<key id>+<base64>`."""
        name, key = _parse_key(text.strip(), "verifier key")
        verifier = cls(name, key)
        _check_key_id(text.strip(), verifier.key_id)
        return verifier

    @property
    def key_id(self) -> bytes:
        """Four bytes that tell keys of one name apart."""
        return sha256(self.name.encode() + b"\n" + _ED25519 + self.public_key).digest()[:_KEY_ID_BYTES]

    def text(self) -> str:
        """The key as one line, to hand to whoever verifies."""
        return f"{self.name}+{self.key_id.hex()}+{_base64(_ED25519 + self.public_key)}"

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
        _check_name(self.name)
        if len(self.seed) != _KEY_BYTES:
            raise NoteError(f"the Ed25519 seed of {self.name} has {len(self.seed)} bytes, not {_KEY_BYTES}")

    @classmethod
    def generate(cls, name: str, *, random_bytes: Callable[[int], bytes]) -> "NoteSigner":
        """A new key from a cryptographic source of randomness."""
        return cls(name, random_bytes(_KEY_BYTES))

    @classmethod
    def parse(cls, text: str) -> "NoteSigner":
        """Read `PRIVATE+KEY+<name>+<key id>+<base64>`."""
        stripped = text.strip()
        if not stripped.startswith(_PRIVATE):
            raise NoteError(f"a signing key starts with {_PRIVATE}")
        name, seed = _parse_key(stripped.removeprefix(_PRIVATE), "signing key")
        signer = cls(name, seed)
        _check_key_id(stripped.removeprefix(_PRIVATE), signer.verifier.key_id)
        return signer

    @property
    def verifier(self) -> NoteVerifier:
        """The public half."""
        return NoteVerifier(self.name, self._key().public_key().public_bytes_raw())

    def text(self) -> str:
        """The private key as one line. Keep it outside the data folder, readable by its owner only."""
        return f"{_PRIVATE}{self.name}+{self.verifier.key_id.hex()}+{_base64(_ED25519 + self.seed)}"

    def sign(self, message: bytes) -> bytes:
        """The Ed25519 signature of a message."""
        return self._key().sign(message)

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
        return f"{_LINE_START}{self.name} {_base64(self.key_id + self.signature)}\n"


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
        return cls(text + "\n", tuple(_parse_signature(line) for line in lines))

    def document(self) -> str:
        """The note as it is stored and sent."""
        return self.text + "\n" + "".join(signature.line() for signature in self.signatures)

    def verified_by(self, verifiers: Iterable[NoteVerifier]) -> tuple[NoteVerifier, ...]:
        """Those of the verifiers that signed; signatures of unknown keys are ignored.

        Raises:
            NoteError: a line claims one of the keys and its signature does not hold, or none of them signed.
        """
        known = {(verifier.name, verifier.key_id): verifier for verifier in verifiers}
        found: list[NoteVerifier] = []
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


def _check_name(name: str) -> None:
    if not name or "+" in name or any(character.isspace() or ord(character) < ord(" ") for character in name):
        raise NoteError(f"the key name {name!r} is empty or holds a space, a plus or a control character")


def _parse_key(text: str, what: str) -> tuple[str, bytes]:
    parts = text.split("+", 2)
    if len(parts) != 3:  # noqa: PLR2004 - name, key id, key
        raise NoteError(f"a {what} has the parts name, key id and key, joined by +")
    blob = _unbase64(parts[2], what)
    if blob[:1] != _ED25519:
        raise NoteError(f"the {what} of {parts[0]} is not Ed25519")
    return parts[0], blob[1:]


def _check_key_id(text: str, key_id: bytes) -> None:
    if text.split("+", 2)[1] != key_id.hex():
        raise NoteError(f"the key id {text.split('+', 2)[1]} does not belong to this key and name")


def _parse_signature(line: str) -> NoteSignature:
    name, space, encoded = line.removeprefix(_LINE_START).partition(" ")
    if not line.startswith(_LINE_START) or not space:
        raise NoteError("a signature line is a dash, a name and a signature")
    _check_name(name)
    blob = _unbase64(encoded, "signature")
    if len(blob) <= _KEY_ID_BYTES:
        raise NoteError(f"the signature of {name} is too short")
    return NoteSignature(name, blob[:_KEY_ID_BYTES], blob[_KEY_ID_BYTES:])


def _base64(blob: bytes) -> str:
    return base64.b64encode(blob).decode()


def _unbase64(text: str, what: str) -> bytes:
    try:
        blob = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoteError(f"the {what} is not base64: {error}") from error
    if _base64(blob) != text:
        raise NoteError(f"the {what} is not canonical base64")
    return blob
