"""Developmental feedback in a workspace: given, read and cited under its lock, noted in its ledger.

The one module of the orchestration that opens the store; nothing that fetches, builds, checks or publishes
imports it (the contracts in `pyproject.toml` prove that).
"""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from governance.errors import FeedbackError
from governance.feedback import Citation, FeedbackDesk, FeedbackStore, NewPiece, Person, cite
from governance.feedback.csv_import import read_pieces
from governance.identity.people import accounts_named
from governance.identity.suggestions import forms_of
from governance.log import GOVERNANCE_LOG
from governance.token_key import load_token_key
from governance.vault import Vault
from governance.yaml_documents import read_document
from orchestration.session import open_session
from orchestration.workspace import TOKEN_KEY, Workspace

COACHES = "feedback.yml"


@contextmanager
def feedback_desk(
    workspace: Workspace, *, at: datetime
) -> Iterator[tuple[FeedbackDesk, Callable[[str], Person]]]:
    """Open the store of feedback with a way to find people; what was noted is sealed at the end.

    Args:
        workspace: Whose feedback.
        at: The time of the checkpoint.

    Raises:
        FeedbackError: the store cannot be opened, or `governance/feedback.yml` is wrong.
        WorkspaceLockedError: a run works here.
    """
    with open_session(workspace, command="assay feedback", needs_sources=False) as session:
        key = load_token_key(workspace.key(TOKEN_KEY, session.settings))
        vault = session.vault()

        def person(name: str) -> Person:
            return _person(vault, name)

        coaches = tuple(person(name) for name in _coaches(workspace.governance / COACHES))
        store = FeedbackStore(workspace.feedback, key, random_bytes=secrets.token_bytes)
        size = session.ledger.size(GOVERNANCE_LOG)
        try:
            yield FeedbackDesk(store, session.ledger, coaches), person
        finally:
            if session.ledger.size(GOVERNANCE_LOG) > size:
                session.ledger.checkpoint(GOVERNANCE_LOG, session.signer(), at=at)


def give_feedback(
    workspace: Workspace, piece: Callable[[Callable[[str], Person]], NewPiece], *, at: datetime
) -> str:
    """Keep one piece and return its name.

    Args:
        workspace: Where.
        piece: Makes the piece, once people can be found.
        at: The time of the checkpoint.
    """
    with feedback_desk(workspace, at=at) as (desk, person):
        (piece_id,) = desk.store.add([piece(person)])
    return piece_id


def import_feedback(workspace: Workspace, file: Path, *, at: datetime) -> list[str]:
    """Keep every piece of a CSV file, or none, and return their names.

    Raises:
        FeedbackError: every line that is wrong.
    """
    with feedback_desk(workspace, at=at) as (desk, person):
        return desk.store.add(read_pieces(file, person))


def cite_feedback(
    workspace: Workspace, piece_id: str, assessment: str, excerpt: str, *, basis: str, by: str, at: datetime
) -> tuple[Path, int]:
    """Copy an excerpt into an assessment and log it; returns the file and the leaf's index.

    Raises:
        FeedbackError: consent, excerpt or basis is missing, or the person may not read the piece.
    """
    with feedback_desk(workspace, at=at) as (desk, person):
        citation = Citation(
            piece_id=piece_id,
            assessment=assessment,
            excerpt=excerpt,
            basis=basis,
            cited_by=person(by),
            cited_at=at,
        )
        return cite(desk, citation, folder=workspace.assessments)


def _person(vault: Vault, name: str) -> Person:
    """Find somebody by an account; where the vault knows nobody, the name itself becomes a token."""
    if not name.strip():
        raise FeedbackError("a person has a name: an account such as github:ada, or a name")
    with vault.open() as con:
        keys = accounts_named(con, [name]).get(name, [])
        if len(keys) > 1:
            raise FeedbackError(f"{name} may be {' or '.join(keys)}; name one of them")
        if not keys:
            return Person(name, (vault.token(f"feedback name:{' '.join(name.casefold().split())}"),))
        token = vault.token(keys[0])
        others = sorted(one.account_token for one in forms_of(con, token) if one.account_token != token)
        return Person(name, (token, *others))


def _coaches(file: Path) -> list[str]:
    if not file.exists():
        return []
    document = read_document(file)
    listed = document.value.get("coaches", [])
    wrong = sorted(set(document.value) - {"version", "coaches"})
    if wrong or not isinstance(listed, list) or not all(isinstance(name, str) for name in listed):
        raise FeedbackError(
            f"{document.place(*(wrong[:1] or ['coaches']))}: {COACHES} holds `version: 1` and `coaches`, a "
            "list of accounts such as github:ada"
        )
    return listed
