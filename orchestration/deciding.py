"""Identities in a workspace: suggestions and decisions under the workspace's lock, sealed in its ledger."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from governance.identity.register import IdentityRegister
from governance.log import GOVERNANCE_LOG
from orchestration.flow.people import take_decisions
from orchestration.session import open_session
from orchestration.workspace import Workspace


@contextmanager
def identity_register(workspace: Workspace, *, at: datetime) -> Iterator[IdentityRegister]:
    """Open the register of identities; whatever was decided is sealed by a checkpoint at the end.

    Args:
        workspace: Whose vault.
        at: The time of the checkpoint.

    Raises:
        VaultError: the vault cannot be opened.
        WorkspaceLockedError: a run works here.
    """
    with open_session(workspace, command="assay identity", needs_sources=False) as session:
        vault = session.vault()
        take_decisions(session.ledger, vault)
        size = session.ledger.size(GOVERNANCE_LOG)
        yield IdentityRegister(vault, session.ledger)
        if session.ledger.size(GOVERNANCE_LOG) > size:
            session.ledger.checkpoint(GOVERNANCE_LOG, session.signer(), at=at)
