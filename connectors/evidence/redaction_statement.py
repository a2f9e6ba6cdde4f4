"""What two people sign before a page is redacted, and the check that they did.

The statement and the way it is signed are those of the governance room, which knows who may sign: the two
must agree to the byte. People appear as keys only; whose they are stands in the register of signers.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from connectors.evidence.commitments import canonical
from connectors.evidence.errors import RedactionError

LEAST_SIGNERS = 2
_CONTEXT = b"assay statement, 1\n"


class SignaturePort(Protocol):
    """One key's Ed25519 signature."""

    @property
    def public_key(self) -> bytes:
        """The public key, 32 bytes."""

    @property
    def signature(self) -> bytes:
        """The signature over `signed_message`, 64 bytes."""


@dataclass(frozen=True, slots=True)
class RedactionOrder:
    """What is to be blanked, by which policy and why: the text that both people sign.

    `reason` goes into the ledger for ever: name the case, never a person.
    """

    log_index: int
    json_paths: tuple[str, ...]
    policy: str
    reason: str
    ordered_at: datetime

    def document(self) -> dict[str, Any]:
        """The statement as JSON."""
        if self.ordered_at.tzinfo is None:
            raise RedactionError("the order's time needs a time zone")
        return {
            "v": 1,
            "kind": "redaction_order",
            "log_index": self.log_index,
            "json_paths": sorted(self.json_paths),
            "policy": self.policy,
            "reason": self.reason,
            "ordered_at": self.ordered_at.astimezone(UTC).isoformat(),
        }


def signed_message(document: Mapping[str, Any]) -> bytes:
    """The bytes that a signature of a statement is over."""
    return _CONTEXT + canonical(document)


def check_signatures(
    document: Mapping[str, Any], signatures: Sequence[SignaturePort], trusted_keys: Collection[bytes]
) -> list[dict[str, str]]:
    """The signatures as they go into the leaf: key id, public key and signature in hex.

    Raises:
        RedactionError: a signature does not hold, or fewer than two trusted keys signed.
    """
    for each in signatures:
        if each.public_key not in trusted_keys:
            raise RedactionError(f"the key {_key_id(each.public_key)} is not one that may sign a redaction")
        if not is_signed(document, each.public_key, each.signature):
            raise RedactionError(
                f"the signature of the key {_key_id(each.public_key)} is not over this statement"
            )
    if len({each.public_key for each in signatures}) < LEAST_SIGNERS:
        raise RedactionError("a redaction takes the signatures of two people; fewer have signed")
    return [
        {
            "key_id": _key_id(each.public_key),
            "public_key": each.public_key.hex(),
            "signature": each.signature.hex(),
        }
        for each in signatures
    ]


def is_signed(document: Mapping[str, Any], public_key: bytes, signature: bytes) -> bool:
    """Whether the signature over the statement is this key's."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, signed_message(document))
    except (InvalidSignature, ValueError):
        return False
    return True


def _key_id(public_key: bytes) -> str:
    return hashlib.sha256(public_key).hexdigest()[:16]
