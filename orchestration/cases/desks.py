"""Cases in a workspace: the desks for disputes and corrections, over its ledger and its private store."""

import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from governance.cases.correcting import CorrectionDesk
from governance.cases.corrections import corrections_in_force, overlay_rows
from governance.cases.desk import DisputeDesk
from governance.cases.disputes import restricted_cells
from governance.cases.docket import Docket
from governance.cases.events import CORRECTION, DISPUTE, Recorded
from governance.cases.private_store import PrivateStore
from governance.cases.rules import DISPUTES_FILE, DisputeRules
from governance.cases.verification import CaseFinding, compare_cases, unattributed
from governance.circumstances import CellKey
from governance.errors import CaseError
from governance.log import GOVERNANCE_LOG
from governance.signers import Signer, SignerRegister
from lineage.ledger import Ledger
from orchestration.errors import UsageError
from orchestration.redacting import REGISTER_FILE, PersonKey
from orchestration.session import Session, open_ledger, open_session
from orchestration.steps.config_tables import CONFIG_TABLES
from orchestration.workspace import Workspace

_TYPES = {"varchar": pa.string(), "bigint": pa.int64()}
_LARGEST_FILE_BYTES = 50_000_000


@dataclass(frozen=True, slots=True)
class Casework:
    """Both desks of an open workspace."""

    session: Session
    disputes: DisputeDesk
    corrections: CorrectionDesk


@contextmanager
def open_casework(workspace: Workspace, *, command: str, at: datetime) -> Iterator[Casework]:
    """Open the desks under the workspace's lock; whatever was recorded is sealed by a checkpoint at the end.

    Args:
        workspace: Whose cases.
        command: What the lock's holder is called when another run is refused.
        at: The time of the checkpoint.

    Raises:
        WorkspaceLockedError: a run works here.
        PolicyError: `governance/disputes.yml` is wrong.
    """
    with open_session(workspace, command=command, needs_sources=False) as session:
        size = session.ledger.size(GOVERNANCE_LOG)
        rules, register = read_registers(workspace)
        corrections = CorrectionDesk(
            _docket(session.ledger, workspace, CORRECTION), register, rules.records_role
        )
        yield Casework(session, dispute_desk(session.ledger, workspace), corrections)
        if session.ledger.size(GOVERNANCE_LOG) > size:
            session.ledger.checkpoint(GOVERNANCE_LOG, session.signer(), at=at)


@contextmanager
def reading_ledger(workspace: Workspace) -> Iterator[Ledger]:
    """Open the ledger for reading, beside a run that may go on."""
    with open_ledger(workspace, workspace.settings()) as ledger:
        yield ledger


def dispute_desk(ledger: Ledger, workspace: Workspace) -> DisputeDesk:
    """Return the desk where disputes are read and handled."""
    rules, register = read_registers(workspace)
    return DisputeDesk(_docket(ledger, workspace, DISPUTE), rules, register)


def read_registers(workspace: Workspace) -> tuple[DisputeRules, SignerRegister]:
    """Return the rules of disputes, and whose signatures count.

    Raises:
        PolicyError: `governance/disputes.yml` is wrong.
        SignerError: `governance/signers.yml` is wrong.
    """
    folder = workspace.governance
    return DisputeRules.load(folder / DISPUTES_FILE), SignerRegister.load(folder / REGISTER_FILE)


def correction_rows(ledger: Ledger) -> dict[str, pa.Table]:
    """Return the corrections in force as the table `config.corrections`.

    Raises:
        CaseError: the log's corrections cannot be read, so that nobody can say what the facts are.
    """
    columns = CONFIG_TABLES["corrections"]
    schema = pa.schema([(name, _TYPES[kind]) for name, kind in columns.items()])
    rows = overlay_rows(corrections_in_force(ledger.every_leaf(GOVERNANCE_LOG)))
    return {"corrections": pa.Table.from_pylist(rows, schema=schema)}


def cells_under_dispute(ledger: Ledger, workspace: Workspace) -> frozenset[CellKey] | None:
    """Return the values that open disputes restrict; None where nobody can say, which closes incentive gates.

    Args:
        ledger: Where the disputes are.
        workspace: Whose private store says which of people's own numbers they are about.
    """
    try:
        found = restricted_cells(dispute_desk(ledger, workspace).disputes().values())
    except CaseError:
        return None
    return frozenset(cell.key for cell in found)


def case_findings(ledger: Ledger, workspace: Workspace) -> Iterator[CaseFinding]:
    """Yield what of the cases is not as the log says: broken chains, and altered or lost private content."""
    store = PrivateStore(workspace.cases)
    cases: dict[str, tuple[Recorded, ...]] = {}
    try:
        for kind in (DISPUTE, CORRECTION):
            cases |= _docket(ledger, workspace, kind).cases()
        yield from compare_cases(cases, store)
        dispute_desk(ledger, workspace).disputes()
        in_force = corrections_in_force(ledger.every_leaf(GOVERNANCE_LOG))
        yield from unattributed(in_force, SignerRegister.load(workspace.governance / REGISTER_FILE))
    except CaseError as error:
        yield CaseFinding(workspace.cases.name, str(error))


def load_signer_key(key: PersonKey) -> Signer:
    """Read a person's own key."""
    return Signer.load(key.person, key.path)


def read_files(paths: Iterable[Path]) -> dict[str, bytes]:
    """Return files by their names.

    Raises:
        UsageError: a file cannot be read, is too large, or two have one name.
    """
    files: dict[str, bytes] = {}
    for path in paths:
        try:
            if path.stat().st_size > _LARGEST_FILE_BYTES:
                raise UsageError(f"{path} has more than {_LARGEST_FILE_BYTES // 1_000_000} MB; attach a part")
            content = path.read_bytes()
        except OSError as error:
            raise UsageError(f"Cannot attach {path}: {error.strerror}. Nothing was recorded") from error
        if path.name in files:
            raise UsageError(f"Two files are called {path.name}; rename one")
        files[path.name] = content
    return files


@contextmanager
def open_published(workspace: Workspace) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the current publication for reading.

    Raises:
        UsageError: nothing is published yet.
    """
    path = workspace.current / "analyst.duckdb"
    if not path.exists():
        raise UsageError("Nothing is published yet, so there is no number. Begin with: assay run")
    with duckdb.connect(str(path), read_only=True) as con:
        con.execute("set TimeZone = 'UTC'")
        yield con


def _docket(ledger: Ledger, workspace: Workspace, kind: str) -> Docket:
    return Docket(
        kind=kind,
        log=ledger,
        leaves=lambda: ledger.every_leaf(GOVERNANCE_LOG),
        store=PrivateStore(workspace.cases),
        random_bytes=secrets.token_bytes,
    )


def to_json_event(recorded: Recorded) -> Mapping[str, object]:
    """Return what everybody may read of an event."""
    event = recorded.event
    return {
        "leaf_index": recorded.index,
        "event": event.event,
        "role": event.role,
        "at": event.at.isoformat(),
        "reason": event.reason_code,
        "facts": dict(event.facts),
        "is_signed": event.signature is not None,
    }
