"""Changing the signing key: the old key names the new one in a leaf of the governance log, and both sign.

Whoever trusts one key of the chain can follow it to the others. The old key stays good for what it signed in
its time: checkpoints up to the sizes that the leaf states, and none beyond them.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lineage.ledger.canonical import canonical_json
from lineage.ledger.errors import NoteError, RotationError
from lineage.ledger.key_text import base64_text, parse_base64
from lineage.ledger.note import NoteSigner, NoteVerifier
from lineage.ledger.transaction import LedgerTransaction

KIND = "key_rotation"
_CONTEXT = b"assay key rotation, 1\n"
_FIELDS = frozenset(
    (
        "v",
        "kind",
        "old_key",
        "new_key",
        "payload_size",
        "governance_size",
        "rotated_at",
        "reason",
        "signatures",
    )
)


@dataclass(frozen=True, slots=True)
class KeyRotation:
    """One key takes over from another.

    Attributes:
        old: the key that goes.
        new: the key that comes.
        payload_size: leaves of the payload log at that moment: the old key signs no greater checkpoint.
        governance_size: the same of the governance log, this leaf included.
        rotated_at: when, as the workspace's clock said.
        reason: why, in a word or two; it stays for ever.
        old_signature: the old key's, over everything above.
        new_signature: the new key's, over the same.
    """

    old: NoteVerifier
    new: NoteVerifier
    payload_size: int
    governance_size: int
    rotated_at: str
    reason: str
    old_signature: bytes
    new_signature: bytes

    def leaf(self) -> bytes:
        """The leaf of the governance log."""
        signatures = {"new": base64_text(self.new_signature), "old": base64_text(self.old_signature)}
        return canonical_json({**_statement(self), "signatures": signatures})

    @classmethod
    def parse(cls, leaf: bytes) -> "KeyRotation":
        """Read a leaf whose two signatures hold.

        Raises:
            RotationError: it is malformed, or a signature does not hold.
        """
        try:
            value = _fields(leaf)
            rotation = cls(
                old=NoteVerifier.parse(value["old_key"]),
                new=NoteVerifier.parse(value["new_key"]),
                payload_size=int(value["payload_size"]),
                governance_size=int(value["governance_size"]),
                rotated_at=str(value["rotated_at"]),
                reason=str(value["reason"]),
                old_signature=parse_base64(value["signatures"]["old"], "old key's signature"),
                new_signature=parse_base64(value["signatures"]["new"], "new key's signature"),
            )
        except (ValueError, KeyError, TypeError, AttributeError, NoteError) as error:
            raise RotationError(f"a leaf that changes the key cannot be read: {error!r}") from error
        rotation.check()
        return rotation

    def check(self) -> None:
        """Refuse a change that one of the two keys did not sign.

        Raises:
            RotationError: it names the key.
        """
        message = _CONTEXT + canonical_json(_statement(self))
        for which, key, signature in (
            ("old", self.old, self.old_signature),
            ("new", self.new, self.new_signature),
        ):
            if not key.holds(message, signature):
                raise RotationError(
                    f"the {which} key {key.name} ({key.key_id.hex()}) did not sign this change"
                )
        if self.old == self.new:
            raise RotationError("a key cannot take over from itself")


def append_rotation(
    transaction: LedgerTransaction, old: NoteSigner, new: NoteSigner, *, at: datetime, reason: str
) -> KeyRotation:
    """Append the leaf by which one key takes over from another.

    Args:
        transaction: of the ledger; whatever else it appends must come before.
        old: the key in force.
        new: the key that follows.
        at: when.
        reason: why, such as `yearly` or `suspected leak`; no names of people.
    """
    unsigned = KeyRotation(
        old=old.verifier,
        new=new.verifier,
        payload_size=transaction.size("payload"),
        governance_size=transaction.size("governance") + 1,
        rotated_at=at.astimezone(UTC).isoformat(),
        reason=reason,
        old_signature=b"",
        new_signature=b"",
    )
    message = _CONTEXT + canonical_json(_statement(unsigned))
    rotation = KeyRotation(
        unsigned.old,
        unsigned.new,
        unsigned.payload_size,
        unsigned.governance_size,
        unsigned.rotated_at,
        unsigned.reason,
        old_signature=old.sign(message),
        new_signature=new.sign(message),
    )
    rotation.check()
    transaction.append("governance", rotation.leaf())
    return rotation


def _fields(leaf: bytes) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(leaf)
    if value.keys() != _FIELDS or value["kind"] != KIND or value["v"] != 1:
        raise ValueError("it has other fields than such a leaf")
    return value


def _statement(rotation: KeyRotation) -> dict[str, Any]:
    return {
        "v": 1,
        "kind": KIND,
        "old_key": rotation.old.text(),
        "new_key": rotation.new.text(),
        "payload_size": rotation.payload_size,
        "governance_size": rotation.governance_size,
        "rotated_at": rotation.rotated_at,
        "reason": rotation.reason,
    }
