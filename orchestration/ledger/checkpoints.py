"""What `assay checkpoint` does in a workspace: show, request, take in, ask, stamp."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from governance.policies import PolicyBook
from lineage.ledger import Anchor, Cosignature
from orchestration.errors import UsageError
from orchestration.flow.warehouse import open_warehouse, stage_mark
from orchestration.ledger.anchoring import anchor_logs
from orchestration.ledger.witness_files import write_requests
from orchestration.ledger.witness_network import ask_witness
from orchestration.ledger.witnessing import GOVERNANCE, LOGS, PAYLOAD, Cosigning, gather, import_cosigned
from orchestration.session import Session, open_ledger, open_session
from orchestration.sources import utc_now
from orchestration.workspace import Workspace

POLICIES = "policies.yml"


def describe(workspace: Workspace) -> dict[str, Any]:
    """Return both logs with what others said of them, as JSON."""
    with open_ledger(workspace, workspace.settings()) as ledger:
        anchors = ledger.anchors()
        return {
            "logs": [
                {
                    "origin": ledger.log_origin(log),
                    "size": ledger.size(log),
                    "root": ledger.root(log).hex(),
                    "cosignatures": [
                        {
                            "witness": one.witness.name,
                            "size": one.size,
                            "cosigned_at": one.cosigned_at.isoformat(),
                        }
                        for one in ledger.cosignatures(log)
                    ],
                    "timestamps": [
                        {"authority": one.authority, "size": one.size, "stamped_at": one.stamped_at}
                        for one in anchors
                        if one.log == log
                    ],
                }
                for log in LOGS
            ]
        }


def request_by_file(
    workspace: Workspace, *, witness: str | None, seen: Mapping[str, int], out: Path
) -> list[Path]:
    """Write requests for what the last build rests on, and for the governance log as it is now.

    Raises:
        UsageError: nothing was built, or the witness is not configured.
    """
    with open_session(workspace, command="assay checkpoint request", needs_sources=False) as session:
        sizes = {PAYLOAD: _evidence_cutoff(session), GOVERNANCE: session.ledger.size(GOVERNANCE)}
        return write_requests(
            session.ledger,
            _policies(workspace),
            session.signer(),
            sizes=sizes,
            witness=witness,
            seen=seen,
            folder=out,
        )


def import_files(workspace: Workspace, files: Sequence[Path]) -> list[Cosignature]:
    """Keep what witnesses said in files.

    Raises:
        UsageError: a file does not fit this workspace, or no configured witness cosigned it.
    """
    with open_session(workspace, command="assay checkpoint import", needs_sources=False) as session:
        book, at = _policies(workspace), utc_now()
        documents = [path.read_bytes().decode(errors="replace") for path in files]
        return [
            kept for document in documents for kept in import_cosigned(session.ledger, document, book, at=at)
        ]


def ask_now(workspace: Workspace) -> Cosigning:
    """Ask witnesses that have a url about what the last build rests on.

    Raises:
        UsageError: nothing was built.
    """
    with open_session(workspace, command="assay checkpoint ask", needs_sources=False) as session:
        return gather(
            session.ledger,
            _policies(workspace),
            session.signer(),
            payload_size=_evidence_cutoff(session),
            ask=ask_witness,
        )


def anchor_now(workspace: Workspace) -> list[Anchor]:
    """Have both logs stamped.

    Raises:
        UsageError: no authority is configured.
        WitnessRefusedError: it does not answer.
    """
    with open_session(workspace, command="assay checkpoint anchor", needs_sources=False) as session:
        return anchor_logs(session.ledger, _policies(workspace), workspace.governance, session.signer())


def _policies(workspace: Workspace) -> PolicyBook:
    return PolicyBook.load(workspace.governance / POLICIES)


def _evidence_cutoff(session: Session) -> int:
    if not session.workspace.warehouse.exists():
        raise UsageError(
            "Nothing is built yet, so there is no state to be cosigned. Make one with: assay run"
        )
    with open_warehouse(session.workspace.warehouse) as con:
        built = stage_mark(con, "checks") or stage_mark(con, "models")
    if built is None:
        raise UsageError("There is no complete build yet. Make one with: assay run")
    return built.log_size
