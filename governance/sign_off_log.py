"""Sign-offs in the governance log: recorded when they are first seen, revoked by a signed statement.

A file in `governance/sign-offs/` may carry any day; its leaf cannot, for it stands between the leaves that
were there before and those that came after. So a sign-off counts from its leaf on, and a revocation too.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from governance.canonical import canonical_json
from governance.errors import SignerError
from governance.log import GOVERNANCE_LOG, LogTransaction
from governance.sign_offs import RecordedSignOff, SignOff
from governance.signers import Signature, Signer, SignerRegister

RECORDED, REVOKED = "sign_off_recorded", "sign_off_revoked"
_MARKS = tuple(f'"kind":"{kind}"'.encode() for kind in (RECORDED, REVOKED))


@dataclass(frozen=True, slots=True)
class SignOffHistory:
    """What the log says of sign-offs, by their hashes: when each was recorded, and when revoked."""

    recorded_at: dict[str, datetime]
    revoked_at: dict[str, datetime]

    def of(self, sign_offs: Iterable[SignOff]) -> tuple[RecordedSignOff, ...]:
        """Put the log's word beside each sign-off."""
        return tuple(
            RecordedSignOff(one, self.recorded_at.get(one.sha256), self.revoked_at.get(one.sha256))
            for one in sign_offs
        )


def read_history(leaves: Iterable[tuple[int, bytes]]) -> SignOffHistory:
    """Read the history; other kinds of leaves are passed over, and the first leaf about a sign-off counts.

    Args:
        leaves: Index and content of the governance log's leaves, in their order.
    """
    history = SignOffHistory({}, {})
    for _, leaf in leaves:
        if not any(mark in leaf for mark in _MARKS):
            continue
        document = json.loads(leaf)
        found = {RECORDED: history.recorded_at, REVOKED: history.revoked_at}.get(document["kind"])
        if found is not None:
            found.setdefault(document["sign_off_sha256"], datetime.fromisoformat(document["recorded_at"]))
    return history


def record_sign_offs(
    transaction: LogTransaction, sign_offs: Sequence[SignOff], history: SignOffHistory, *, at: datetime
) -> list[SignOff]:
    """Append a leaf for each sign-off that the log does not have yet, and return those.

    Args:
        transaction: Of the ledger.
        sign_offs: All that lie in the workspace.
        history: What the log says of them.
        at: The time of the leaves.
    """
    unseen = {one.sha256: one for one in sign_offs if one.sha256 not in history.recorded_at}
    for sha256, one in sorted(unseen.items()):
        transaction.append(GOVERNANCE_LOG, _leaf(RECORDED, sha256, at, sign_off=one.to_document()))
        history.recorded_at[sha256] = at
    return list(unseen.values())


def revocation_statement(sign_off: SignOff, reason: str) -> dict[str, Any]:
    """Return the statement that takes a sign-off back.

    Raises:
        SignerError: no reason is given.
    """
    if not reason.strip():
        raise SignerError("a revocation needs a reason; it stays for ever, so name nobody")
    return {"v": 1, "kind": "sign_off_revocation", "sign_off_sha256": sign_off.sha256, "reason": reason}


def revoke(
    transaction: LogTransaction,
    sign_off: SignOff,
    *,
    reason: str,
    signer: Signer,
    register: SignerRegister,
    at: datetime,
) -> int:
    """Append the signed revocation of a sign-off and return its leaf's index.

    Whoever gave the sign-off may take it back, and so may everybody else who holds the role.

    Raises:
        SignerError: the signer is neither, or no reason is given.
    """
    statement = revocation_statement(sign_off, reason)
    signature = signer.sign(statement)
    who = register.verified(statement, signature)
    giver = register.find(sign_off.signature.key_id)
    if sign_off.role not in who.roles and (giver is None or giver.identity != who.identity):
        raise SignerError(
            f"{who.person} neither gave this sign-off nor holds the role {sign_off.role}; "
            "whoever did, or does, may revoke it"
        )
    return transaction.append(GOVERNANCE_LOG, _revocation_leaf(sign_off, statement, signature, at))


def _revocation_leaf(
    sign_off: SignOff, statement: dict[str, Any], signature: Signature, at: datetime
) -> bytes:
    return _leaf(REVOKED, sign_off.sha256, at, statement=statement, signature=signature.to_document())


def _leaf(kind: str, sha256: str, at: datetime, **parts: Any) -> bytes:
    return canonical_json(
        {
            "v": 1,
            "kind": kind,
            "sign_off_sha256": sha256,
            "recorded_at": at.astimezone(UTC).isoformat(),
            **parts,
        }
    )
