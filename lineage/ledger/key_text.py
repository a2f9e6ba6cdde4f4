"""Keys and signatures as text: the forms of C2SP signed notes and of Go's `sumdb/note`.

A verifier key is `<name>+<key id>+<base64 of type and key>`, a signing key the same after `PRIVATE+KEY+`. The
type tells what the key signs: 1 whole notes, 4 checkpoints of others as a witness (https://c2sp.org/signed-note).
"""

import base64
import binascii
from hashlib import sha256

from lineage.ledger.errors import NoteError

NOTE_KEY = b"\x01"
COSIGNATURE_KEY = b"\x04"
KEY_BYTES = 32
KEY_ID_BYTES = 4
PRIVATE = "PRIVATE+KEY+"
_KINDS = {NOTE_KEY: "a key that signs notes", COSIGNATURE_KEY: "a witness's key"}


def key_id(name: str, kind: bytes, public_key: bytes) -> bytes:
    """Four bytes that tell keys of one name apart."""
    return sha256(name.encode() + b"\n" + kind + public_key).digest()[:KEY_ID_BYTES]


def key_text(name: str, identifier: bytes, kind: bytes, key: bytes) -> str:
    """A key as one line."""
    return f"{name}+{identifier.hex()}+{base64_text(kind + key)}"


def parse_key(text: str, what: str, *, kind: bytes) -> tuple[str, bytes, str]:
    """The name, the key and the stated key id of a line.

    Raises:
        NoteError: it has another form, or the key is of another type.
    """
    parts = text.split("+", 2)
    if len(parts) != 3:  # noqa: PLR2004 - name, key id, key
        raise NoteError(f"a {what} has the parts name, key id and key, joined by +")
    blob = parse_base64(parts[2], what)
    if blob[:1] != kind:
        told = _KINDS.get(blob[:1], "not Ed25519")
        raise NoteError(f"the {what} of {parts[0]} is {told}; here {_KINDS[kind]} is wanted")
    return parts[0], blob[1:], parts[1]


def check_key_id(stated: str, identifier: bytes) -> None:
    """Refuse a key id that does not belong to name and key.

    Raises:
        NoteError: it does not.
    """
    if stated != identifier.hex():
        raise NoteError(f"the key id {stated} does not belong to this key and name")


def check_name(name: str) -> None:
    """Refuse a key name that would break a line.

    Raises:
        NoteError: it is empty or holds a space, a plus or a control character.
    """
    if not name or "+" in name or any(character.isspace() or ord(character) < ord(" ") for character in name):
        raise NoteError(f"the key name {name!r} is empty or holds a space, a plus or a control character")


def check_length(name: str, what: str, key: bytes) -> None:
    """Refuse what is no Ed25519 key.

    Raises:
        NoteError: it has another length.
    """
    if len(key) != KEY_BYTES:
        raise NoteError(f"the Ed25519 {what} of {name} has {len(key)} bytes, not {KEY_BYTES}")


def base64_text(blob: bytes) -> str:
    """Standard base64."""
    return base64.b64encode(blob).decode()


def parse_base64(text: str, what: str) -> bytes:
    """Read canonical base64: one sequence of bytes has one text.

    Raises:
        NoteError: it is something else.
    """
    try:
        blob = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoteError(f"the {what} is not base64: {error}") from error
    if base64_text(blob) != text:
        raise NoteError(f"the {what} is not canonical base64")
    return blob
