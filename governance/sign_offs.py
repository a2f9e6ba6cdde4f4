"""Sign-offs: a person in a role says that this very definition may be used within this scope, until a day."""

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from governance.errors import SignerError
from governance.signers import Signature, Signer

EVERY_SCOPE = "*"


@dataclass(frozen=True, slots=True)
class SignOff:
    """One person's signed statement about one definition hash."""

    metric: str
    definition_hash: str
    role: str
    scope: str
    valid_from: date
    valid_until: date
    signature: Signature

    def statement(self) -> dict[str, Any]:
        """Return the text that was signed."""
        return sign_off_statement(
            metric=self.metric,
            definition_hash=self.definition_hash,
            role=self.role,
            scope=self.scope,
            valid_from=self.valid_from,
            valid_until=self.valid_until,
        )

    def is_in_force(self, day: date) -> bool:
        """Whether the day lies in the sign-off's validity; `valid_until` is the first day without it."""
        return self.valid_from <= day < self.valid_until

    def to_document(self) -> dict[str, Any]:
        """Return the JSON form of statement and signature, as kept in `governance/sign-offs/`."""
        return {**self.statement(), "signature": self.signature.to_document()}

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> "SignOff":
        """Read the JSON form.

        Raises:
            SignerError: a part is missing or has the wrong form.
        """
        try:
            return cls(
                metric=document["metric"],
                definition_hash=document["definition_hash"],
                role=document["role"],
                scope=document["scope"],
                valid_from=date.fromisoformat(document["valid_from"]),
                valid_until=date.fromisoformat(document["valid_until"]),
                signature=Signature.from_document(document["signature"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise SignerError(f"not a sign-off: {error!r}") from error


def sign_off_statement(
    *, metric: str, definition_hash: str, role: str, scope: str, valid_from: date, valid_until: date
) -> dict[str, Any]:
    """Return the statement that a person signs."""
    return {
        "v": 1,
        "kind": "sign_off",
        "metric": metric,
        "definition_hash": definition_hash,
        "role": role,
        "scope": scope,
        "valid_from": valid_from.isoformat(),
        "valid_until": valid_until.isoformat(),
    }


def sign_off(signer: Signer, statement: dict[str, Any]) -> SignOff:
    """Sign a statement made by `sign_off_statement`."""
    return SignOff.from_document({**statement, "signature": signer.sign(statement).to_document()})


def load_sign_offs(folder: Path) -> tuple[SignOff, ...]:
    """Read every `*.json` of a folder in the order of names; no folder means no sign-off.

    Raises:
        SignerError: a file is no sign-off; the file is named.
    """
    found = []
    for path in sorted(folder.glob("*.json")):
        try:
            document = json.loads(path.read_bytes())
            found.append(SignOff.from_document(document))
        except (ValueError, SignerError) as error:
            raise SignerError(f"{path}: {error}") from error
    return tuple(found)
