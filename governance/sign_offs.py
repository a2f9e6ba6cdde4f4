"""Sign-offs: a person in a role says that this very definition may be used within this scope, until a day.

The statement and its signature lie in `governance/sign-offs/`, where they are reviewed. They count from the
time of their leaf in the governance log on (`governance.sign_off_log`), whatever day they name.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from governance.canonical import canonical_json
from governance.errors import SignerError
from governance.signers import Signature, Signer

EVERY_SCOPE = "*"
TEAM_SCOPE, JURISDICTION_SCOPE = "team:", "jurisdiction:"
_SCOPE = re.compile(r"\*|(team|jurisdiction):[^\s:]+")


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

    def __post_init__(self) -> None:
        """Refuse what could never be in force, or would cover nothing.

        Raises:
            SignerError: the scope has no known form, or the end is not after the beginning.
        """
        if not _SCOPE.fullmatch(self.scope):
            raise SignerError(
                f"{self.scope!r} is no scope of a sign-off: write *, team:<team> or jurisdiction:<name>"
            )
        if self.valid_until <= self.valid_from:
            raise SignerError(
                f"a sign-off from {self.valid_from} until {self.valid_until} is never in force; "
                "the end is the first day without it"
            )

    @property
    def sha256(self) -> str:
        """What names this sign-off: the hash of its canonical statement and signature."""
        return hashlib.sha256(canonical_json(self.to_document())).hexdigest()

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

    def is_valid_on(self, day: date) -> bool:
        """Whether the day lies in the sign-off's validity; `valid_until` is the first day without it."""
        return self.valid_from <= day < self.valid_until

    def covers(self, *, team: str | None, jurisdiction: str) -> bool:
        """Whether it speaks for a team's values in a jurisdiction; `*` speaks for all."""
        return self.scope in {
            EVERY_SCOPE,
            f"{JURISDICTION_SCOPE}{jurisdiction}",
            *([f"{TEAM_SCOPE}{team}"] if team is not None else []),
        }

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


@dataclass(frozen=True, slots=True)
class RecordedSignOff:
    """A sign-off, and what the governance log says of it.

    Attributes:
        sign_off: Statement and signature.
        recorded_at: The time of its leaf; None where the log has none, and then it counts for nothing.
        revoked_at: The time of the leaf that took it back.
    """

    sign_off: SignOff
    recorded_at: datetime | None
    revoked_at: datetime | None = None

    def is_in_force(self, at: datetime) -> bool:
        """Whether it counts at an instant: recorded by then, not revoked, and valid on the day."""
        return (
            self.recorded_at is not None
            and self.recorded_at <= at
            and (self.revoked_at is None or at < self.revoked_at)
            and self.sign_off.is_valid_on(at.astimezone(UTC).date())
        )

    def state(self, at: datetime) -> str:
        """Say in a few words whether it counts, and why not."""
        day = at.astimezone(UTC).date()
        if self.recorded_at is None or self.recorded_at > at:
            return "not recorded in the governance log by then"
        if self.revoked_at is not None and self.revoked_at <= at:
            return f"revoked on {self.revoked_at.date()}"
        if day >= self.sign_off.valid_until:
            return f"lapsed on {self.sign_off.valid_until}"
        if day < self.sign_off.valid_from:
            return f"begins on {self.sign_off.valid_from}"
        return f"in force until {self.sign_off.valid_until}"


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
