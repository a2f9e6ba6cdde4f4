"""Redaction: the one recorded exception to immutable evidence, ordered in writing by two people.

The order names the page, the JSON paths to blank, the policy and the reason; two registered people sign the
same statement. Whoever keeps the evidence blanks the paths and appends the order, its signatures and the
page's new hash to the governance log.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from governance.errors import SignerError
from governance.signers import RegisteredSigner, Signature, Signer, SignerRegister

REDACTION_ROLE = "redaction"
REDACTION_POLICIES = ("erasure", "retention", "secret")
SIGNERS_NEEDED = 2
_LARGEST_INDEX = 1 << 40  # a record's id has 23 bits for its place in the page, and 40 for the page


@dataclass(frozen=True, slots=True)
class RedactionStatement:
    """What is to be blanked and why: the text that both people sign."""

    log_index: int
    json_paths: tuple[str, ...]
    policy: str
    reason: str
    ordered_at: datetime

    def __post_init__(self) -> None:
        if self.policy not in REDACTION_POLICIES:
            raise SignerError(
                f"unknown redaction policy {self.policy!r}; known: {', '.join(REDACTION_POLICIES)}"
            )
        if not 0 <= self.log_index < _LARGEST_INDEX:
            raise SignerError(f"{self.log_index} is no page; `assay trace` shows the numbers of pages")
        if not self.reason.strip():
            raise SignerError("an order says why, such as `ticket 4711`; the log keeps it for ever")
        if not self.json_paths:
            raise SignerError("a redaction names at least one JSON path, such as $[3].user.email")
        wrong = [path for path in self.json_paths if not path.startswith("$")]
        if wrong:
            raise SignerError(f"{wrong[0]!r} is not a JSON path: it starts with $")
        if self.ordered_at.tzinfo is None:
            raise SignerError("the order's time needs a time zone")

    def to_document(self) -> dict[str, Any]:
        """Return the JSON form that is signed and goes into the leaf."""
        return {
            "v": 1,
            "kind": "redaction_order",
            "log_index": self.log_index,
            "json_paths": sorted(self.json_paths),
            "policy": self.policy,
            "reason": self.reason,
            "ordered_at": self.ordered_at.astimezone(UTC).isoformat(),
        }


@dataclass(frozen=True, slots=True)
class RedactionOrder:
    """A statement with the signatures of two people."""

    statement: RedactionStatement
    signatures: tuple[Signature, ...]

    @property
    def signer_documents(self) -> list[dict[str, str]]:
        """The signatures as they go into the leaf."""
        return [signature.to_document() for signature in self.signatures]

    def approved_by(self, register: SignerRegister) -> tuple[RegisteredSigner, ...]:
        """Return the people who signed.

        Raises:
            SignerError: fewer than two different people with the redaction role signed this very statement.
        """
        document = self.statement.to_document()
        people = [register.verified(document, signature) for signature in self.signatures]
        without_role = [one.person for one in people if REDACTION_ROLE not in one.roles]
        if without_role:
            raise SignerError(f"{without_role[0]} does not hold the role {REDACTION_ROLE!r}")
        found = len({one.identity for one in people})
        if found < SIGNERS_NEEDED:
            raise SignerError(f"a redaction needs {SIGNERS_NEEDED} different people; {found} signed")
        return tuple(people)


def order_redaction(statement: RedactionStatement, signers: Sequence[Signer]) -> RedactionOrder:
    """Have people sign a statement. Whether they may is for `approved_by` to say."""
    document = statement.to_document()
    return RedactionOrder(statement, tuple(signer.sign(document) for signer in signers))
