"""People's own signing keys (Ed25519), and statements signed with them.

A person keeps the private key; the workspace's `governance/signers.yml` lists public keys, names and roles.
Leaves of the ledger carry key ids only, so a name can leave the register without touching the log.
"""

import hashlib
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from governance.canonical import canonical_json
from governance.errors import SignerError
from governance.names import plain_name
from governance.policies import refuse_unknown
from governance.yaml_documents import Document, read_document

KEY_BYTES = 32
_CONTEXT = b"assay statement, 1\n"
_ENTRY_KEYS = ("person", "public_key", "roles", "teams")


@dataclass(frozen=True, slots=True)
class Signature:
    """One key's signature over one statement."""

    key_id: str
    public_key: bytes
    signature: bytes

    def to_document(self) -> dict[str, str]:
        """Return the JSON form that goes into a leaf: no name."""
        return {
            "key_id": self.key_id,
            "public_key": self.public_key.hex(),
            "signature": self.signature.hex(),
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Signature":
        """Read the JSON form.

        Raises:
            SignerError: a part is missing, not hexadecimal, or the key id is not the public key's.
        """
        try:
            public_key = bytes.fromhex(document["public_key"])
            signature = cls(document["key_id"], public_key, bytes.fromhex(document["signature"]))
        except (KeyError, TypeError, ValueError) as error:
            raise SignerError(f"not a signature: {error!r}") from error
        if signature.key_id != key_id(public_key):
            raise SignerError(f"the key id {signature.key_id} is not that of the public key beside it")
        return signature


@dataclass(frozen=True, slots=True)
class Signer:
    """A person who can sign: the private key is in memory only as long as this object lives."""

    person: str
    seed: bytes = field(repr=False)

    @classmethod
    def create(cls, person: str, path: Path, *, random_bytes: Callable[[int], bytes]) -> "Signer":
        """Make a key pair and keep the private half in `path`, readable by its owner only.

        Raises:
            SignerError: the file exists.
        """
        signer = cls(person, random_bytes(KEY_BYTES))
        pem = signer._private_key().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError as error:
            raise SignerError(f"{path} exists; choose another file, a key is never overwritten") from error
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
        return signer

    @classmethod
    def load(cls, person: str, path: Path) -> "Signer":
        """Read a private key that `create` wrote.

        Raises:
            SignerError: there is none, others may read it, or it is no Ed25519 key.
        """
        try:
            mode, pem = path.stat().st_mode, path.read_bytes()
        except FileNotFoundError as error:
            raise SignerError(f"no signing key of {person} at {path}") from error
        except OSError as error:
            raise SignerError(
                f"cannot read the signing key of {person} at {path}: {error.strerror}; name the file that "
                "`assay signer` wrote"
            ) from error
        if mode & 0o077:
            raise SignerError(f"others may read {path}: `chmod 600 {path}`, or make a new key if it leaked")
        try:
            key = serialization.load_pem_private_key(pem, password=None)
        except ValueError as error:
            raise SignerError(f"{path} is no private key in PEM form: {error}") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise SignerError(f"{path} is a {type(key).__name__}; people sign with Ed25519 keys")
        return cls(person, key.private_bytes_raw())

    @property
    def public_key(self) -> bytes:
        """The public half, 32 bytes."""
        return self._private_key().public_key().public_bytes_raw()

    def sign(self, statement: Mapping[str, Any]) -> Signature:
        """Sign the canonical JSON of a statement."""
        public_key = self.public_key
        signature = self._private_key().sign(_CONTEXT + canonical_json(statement))
        return Signature(key_id(public_key), public_key, signature)

    def _private_key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)


@dataclass(frozen=True, slots=True)
class RegisteredSigner:
    """A line of the register: whose key this is, in which roles it signs, and the person's teams.

    `teams` None means that nobody has said; an empty list says that the person belongs to no team.
    """

    person: str
    public_key: bytes
    roles: tuple[str, ...]
    teams: tuple[str, ...] | None = None

    @property
    def identity(self) -> str:
        """The person, however the name is spelt: two keys of one person are one person."""
        return plain_name(self.person)

    @property
    def key_id(self) -> str:
        """The key's id, as in leaves."""
        return key_id(self.public_key)


@dataclass(frozen=True, slots=True)
class SignerRegister:
    """Everybody whose signature counts."""

    signers: tuple[RegisteredSigner, ...] = ()

    @classmethod
    def load(cls, path: Path) -> "SignerRegister":
        """Read `governance/signers.yml`; a file that is not there is an empty register.

        Raises:
            PolicyError: it is no such document, or has an unknown key; the line is named.
            SignerError: an entry lacks person, public_key or roles, or two entries share a key.
        """
        if not path.exists():
            return cls()
        document = read_document(path)
        refuse_unknown(document, (), document.value, ("signers",))
        given = document.value.get("signers") or []
        if not isinstance(given, list):
            raise SignerError(f"{document.place('signers')}: signers is a list of entries")
        return cls.of(_registered(document, number, entry) for number, entry in enumerate(given))

    @classmethod
    def of(cls, signers: Iterable[RegisteredSigner]) -> "SignerRegister":
        """Make a register of entries with distinct keys."""
        entries = tuple(signers)
        ids = [entry.key_id for entry in entries]
        doubled = sorted({one for one in ids if ids.count(one) > 1})
        if doubled:
            raise SignerError(f"the key {doubled[0]} is registered twice; one person, one key")
        return cls(entries)

    def find(self, key: str) -> RegisteredSigner | None:
        """Return who the key id belongs to, or None."""
        return next((entry for entry in self.signers if entry.key_id == key), None)

    def holders(self, role: str) -> tuple[RegisteredSigner, ...]:
        """Return everybody who holds a role."""
        return tuple(entry for entry in self.signers if role in entry.roles)

    def roles_of(self, identity: str) -> tuple[str, ...]:
        """Return every role that a person holds, by whichever key."""
        return tuple(
            sorted({role for entry in self.signers if entry.identity == identity for role in entry.roles})
        )

    def public_keys(self, role: str) -> frozenset[bytes]:
        """Return the keys of everybody who holds a role."""
        return frozenset(entry.public_key for entry in self.holders(role))

    def verified(self, statement: Mapping[str, Any], signature: Signature) -> RegisteredSigner:
        """Return who signed the statement.

        Raises:
            SignerError: the key is not registered, or the signature is not over this statement.
        """
        entry = self.find(signature.key_id)
        if entry is None:
            raise SignerError(f"the key {signature.key_id} is not in the register of signers")
        if not holds(statement, signature):
            raise SignerError(f"the signature of {entry.person} is not over this statement")
        return entry


def holds(statement: Mapping[str, Any], signature: Signature) -> bool:
    """Whether the signature is the key's own over this statement; says nothing of who the key belongs to."""
    try:
        Ed25519PublicKey.from_public_bytes(signature.public_key).verify(
            signature.signature, _CONTEXT + canonical_json(statement)
        )
    except (InvalidSignature, ValueError):
        return False
    return True


def key_id(public_key: bytes) -> str:
    """Name a key by the first 64 bits of its SHA-256, in hexadecimal."""
    return hashlib.sha256(public_key).hexdigest()[:16]


def _registered(document: Document, number: int, entry: Any) -> RegisteredSigner:
    keys = ("signers", str(number))
    if not isinstance(entry, dict):
        raise SignerError(f"{document.place(*keys)}: an entry has {', '.join(_ENTRY_KEYS)}, not {entry!r}")
    refuse_unknown(document, keys, entry, _ENTRY_KEYS)
    person, public_key = (_text(document, keys, entry, key) for key in ("person", "public_key"))
    return RegisteredSigner(
        person,
        _public_key(document.place(*keys, "public_key"), public_key),
        _names(document, keys, entry, "roles"),
        None if entry.get("teams") is None else _names(document, keys, entry, "teams"),
    )


def _public_key(place: str, text: str) -> bytes:
    try:
        public_key = bytes.fromhex(text)
    except ValueError as error:
        raise SignerError(f"{place}: public_key is hexadecimal, as `assay signer` prints it") from error
    if len(public_key) != KEY_BYTES:
        raise SignerError(f"{place}: the public key has {len(public_key)} bytes, not {KEY_BYTES}")
    return public_key


def _text(document: Document, keys: tuple[str, ...], entry: Mapping[str, Any], key: str) -> str:
    value = entry.get(key)
    if not isinstance(value, str) or not plain_name(value):
        raise SignerError(f"{document.place(*keys, key)}: {key} is text (in quotes), not {value!r}")
    return value


def _names(document: Document, keys: tuple[str, ...], entry: Mapping[str, Any], key: str) -> tuple[str, ...]:
    given = entry.get(key)
    if not isinstance(given, list) or not all(isinstance(one, str) and plain_name(one) for one in given):
        raise SignerError(f"{document.place(*keys, key)}: {key} is a list of names, not {given!r}")
    return tuple(given)
