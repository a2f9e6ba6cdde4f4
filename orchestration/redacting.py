"""Redaction in a workspace: two registered people sign one order, and the page's values are blanked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from connectors.evidence.results import Redaction
from governance.redaction import RedactionStatement, order_redaction
from governance.signers import Signer, SignerRegister
from orchestration.session import open_session
from orchestration.workspace import Workspace

REGISTER_FILE = "signers.yml"


@dataclass(frozen=True, slots=True)
class PersonKey:
    """A person and the file with the private key that only this person holds."""

    person: str
    path: Path


def redact_page(
    workspace: Workspace, statement: RedactionStatement, keys: Sequence[PersonKey], *, at: datetime
) -> Redaction:
    """Blank the values that a statement names, once two registered people have signed it.

    Args:
        workspace: Whose evidence.
        statement: The page, the paths, the policy and the reason.
        keys: Those who sign.
        at: When it is ordered.

    Raises:
        SignerError: a key cannot be read, or fewer than two people with the role signed.
        EvidenceError: there is no such page, or a path leads nowhere.
        WorkspaceLockedError: a run works here.
    """
    order = order_redaction(statement, [Signer.load(key.person, key.path) for key in keys])
    people = order.approved_by(SignerRegister.load(workspace.governance / REGISTER_FILE))
    with open_session(workspace, command="assay redact", needs_sources=False) as session:
        redaction = session.store.redact(
            statement.log_index,
            statement.json_paths,
            policy=statement.policy,
            reason=statement.reason,
            signers=order.signatures,
            trusted_keys=[person.public_key for person in people],
            at=at,
        )
        session.ledger.checkpoint("governance", session.signer(), at=at)
        return redaction
