"""Disputes for their readers: what everybody may see, and the words for those who may read them."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from governance.cases.disputes import Dispute
from governance.cases.rules import Deadlines
from governance.errors import DisputeError
from orchestration.cases.desks import dispute_desk, open_casework, reading_ledger, to_json_event
from orchestration.cases.people import Asker, complainant_of, handler_of, surroundings_of
from orchestration.errors import UsageError
from orchestration.redacting import PersonKey
from orchestration.workspace import Workspace


def list_disputes(workspace: Workspace, *, at: datetime, is_all: bool = False) -> list[dict[str, Any]]:
    """Return disputes for everybody to read: those that are open, the most urgent first, or all."""
    with reading_ledger(workspace) as ledger:
        desk = dispute_desk(ledger, workspace)
        found = [one for one in desk.disputes().values() if is_all or one.is_open]
        rows = [_public(one, desk.rules.deadlines, at=at) for one in found]
    return sorted(rows, key=lambda row: (row["due_at"] is None, row["due_at"] or "", row["opened_at"]))


def show_dispute(workspace: Workspace, case_id: str, *, at: datetime) -> dict[str, Any]:
    """Return what everybody may read of one dispute.

    Raises:
        DisputeError: there is none of that name.
    """
    with reading_ledger(workspace) as ledger:
        desk = dispute_desk(ledger, workspace)
        dispute = desk.find(case_id)
        public = _public(dispute, desk.rules.deadlines, at=at)
        return public | {"events": [to_json_event(each) for each in dispute.events]}


def read_contents(
    workspace: Workspace, case_id: str, reader: Asker | PersonKey, *, at: datetime
) -> list[dict[str, bytes]]:
    """Return the words and files of a dispute to its complainant, or to an independent handler.

    Raises:
        DisputeError: the reader is neither, or the content was purged.
        WorkspaceLockedError: a run works here.
    """
    with open_casework(workspace, command="assay dispute", at=at) as casework:
        desk = casework.disputes
        dispute = desk.find(case_id)
        if dispute.is_purged:
            raise DisputeError(f"the content of {case_id} was purged")
        if isinstance(reader, PersonKey):
            desk.check_handler(dispute, handler_of(casework, reader), surroundings_of(casework, dispute))
        else:
            desk.check_complainant(dispute, complainant_of(casework, reader))
        return desk.contents(dispute)


def dispute_lines(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Say in a line or two how many disputes wait, for `assay status`."""
    if not rows:
        return []
    overdue = sum(bool(row["is_overdue"]) for row in rows)
    escalate = f", {overdue} of them overdue: escalate them" if overdue else ""
    return [f"{len(rows)} open{escalate}; assay dispute list"]


def _public(dispute: Dispute, deadlines: Deadlines, *, at: datetime) -> dict[str, Any]:
    is_own = dispute.cell is None or dispute.cell.is_personal
    due = dispute.due_at(deadlines)
    return {
        "dispute": dispute.case_id,
        "state": dispute.state,
        "is_open": dispute.is_open,
        "is_escalated": dispute.is_escalated,
        "cell": None if is_own or dispute.cell is None else dispute.cell.to_document(),
        "about": "a person's own number" if is_own else str(dispute.cell),
        "opened_at": dispute.opened_at.isoformat(),
        "waits_for": dispute.handling_role if dispute.is_open else None,
        "due_at": due.isoformat() if due else None,
        "is_overdue": dispute.is_overdue(deadlines, at=at),
        "is_purged": dispute.is_purged,
    }


def to_text(contents: Sequence[dict[str, bytes]]) -> str:
    """Return the words of a dispute for its readers: who opened it, what was said, which files there are."""
    lines = []
    for number, parts in enumerate(contents):
        lines.append(f"event {number}, by {parts.get('actor', b'').decode()}")
        if "text" in parts:
            lines.append(f"  {parts['text'].decode()}")
        files = [part for part in sorted(parts) if part.startswith("file_") and part.endswith("_name")]
        lines.extend(f"  file {parts[part].decode()}" for part in files)
    return "\n".join(lines)


def save_files(contents: Sequence[dict[str, bytes]], folder: Path) -> list[Path]:
    """Write a dispute's files into a new folder that only its owner reads.

    Raises:
        UsageError: the folder exists.
    """
    try:
        folder.mkdir(mode=0o700, parents=True)
    except FileExistsError as error:
        raise UsageError(f"{folder} exists; name a new folder") from error
    saved = []
    for number, parts in enumerate(contents):
        for part in sorted(parts):
            if part.startswith("file_") and f"{part}_name" in parts:
                path = folder / f"{number}-{Path(parts[f'{part}_name'].decode()).name}"
                path.write_bytes(parts[part])
                saved.append(path)
    return saved
