"""Opening what a trace needs: the publication, the evidence, the ledger, and the warehouse behind them."""

import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import duckdb
import yaml

from connectors.evidence import EvidenceStore
from governance.log import GOVERNANCE_LOG
from governance.readings import Reading
from lineage.ledger import Ledger
from lineage.trace import (
    Asked,
    Databases,
    Own,
    Trace,
    View,
    as_seen,
    needs_warehouse,
    parse_period,
    parse_scope,
    trace,
)
from lineage.trace.arguments import PERSON
from lineage.trace.cells import CellName
from lineage.trace.tracing import Number, find_number
from orchestration.errors import UsageError
from orchestration.flow.warehouse import open_warehouse, read_between_runs
from orchestration.numbers.own_records import Subject, check_still_one, find_subject, own_of
from orchestration.publications import CURRENT, publication_folder
from orchestration.session import Session, open_ledger, open_session
from orchestration.workspace import Workspace

_CHECKPOINT = "payload-checkpoint.txt"
_PLAIN_WORD = re.compile(r"[a-z0-9_.-]{1,64}")  # as metrics and normalisations are called


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who reads, and as what.

    Attributes:
        view: `shared` for anybody, `subject` for whoever is measured, `auditor` for everything.
        account: An account of whoever reads, such as `github:ada`; needed but for the shared view.
        at: When; recorded with every reading but shared ones.
    """

    view: View = View.SHARED
    account: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceRequest:
    """Which number of which publication, and for whom.

    Attributes:
        metric: Its name, or a mart's column as `marts.mart_dora_monthly.change_lead_time`.
        scope: `service:checkout`, `team:payments`, `organisation:acme`, `person:github:ada`.
        period: `2026-05`, `2026-W21`, `2026-Q2`, `2026-05-03`.
        asked: What else names the number.
        publication_id: An older publication; None for the current one.
        most_records: How many records to read back; None for all.
        reader: Who reads.
    """

    metric: str
    scope: str
    period: str
    asked: Asked = field(default_factory=Asked)
    publication_id: str | None = None
    most_records: int | None = 200
    reader: Reader = field(default_factory=Reader)

    def __str__(self) -> str:
        return f"{self.metric} {self.scope} {self.period}"


def trace_cell(
    workspace: Workspace, metric: str, *, scope: str, period: str, most_records: int | None = 200
) -> Trace:
    """Trace one published value of the current publication as anybody may read it."""
    return trace_number(
        workspace, TraceRequest(metric=metric, scope=scope, period=period, most_records=most_records)
    )


def trace_number(workspace: Workspace, request: TraceRequest) -> Trace:
    """Trace one number.

    A reading as a subject or an auditor is recorded in the governance log before anything is shown; it
    waits for runs.

    Args:
        workspace: Whose publication.
        request: Which number, for whom.

    Raises:
        UsageError: nothing is published yet, there is no such publication, or the reader is not named.
        LineageError: there is no such cell, or an argument has the wrong form.
        WorkspaceLockedError: a run works here, and the trace needs the warehouse.
    """
    with open_number(workspace, request, command="assay trace") as opened:
        return opened.seen(trace_opened(workspace, opened))


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedNumber:
    """What a number is read from, opened for whoever asks; the reading is recorded where it must be.

    Attributes:
        request: Which number, a person named by token.
        databases: The publication, and the warehouse behind it where the number needs it.
        ledger: The workspace's.
        publication: The folder of the publication.
        subject: Whose number it is, or who reads the own records of it.
    """

    request: TraceRequest
    databases: Databases
    ledger: Ledger
    publication: Path
    subject: Subject | None = None

    @property
    def name(self) -> CellName:
        """The number's name."""
        scope_kind, scope_id = parse_scope(self.request.scope)
        return CellName(self.request.metric, scope_kind, scope_id, parse_period(self.request.period))

    def find(self) -> Number:
        """Find the number and the facts that make it."""
        return find_number(self.databases, self.name, self.request.asked)

    def seen(self, found: Trace) -> Trace:
        """Return a trace as the reader may see it."""
        view = self.request.reader.view
        if view is View.SHARED:
            return as_seen(found, view)
        warehouse = self.databases.behind("whose a record is")
        own = own_of(warehouse, found, self.subject) if self.subject is not None else Own()
        return as_seen(found, view, own=own)


@contextmanager
def open_number(workspace: Workspace, request: TraceRequest, *, command: str) -> Iterator[OpenedNumber]:
    """Open what a number is read from; a reading as a subject or an auditor is recorded first.

    Args:
        workspace: Whose publication.
        request: Which number, for whom.
        command: Who holds the workspace's lock meanwhile, where the warehouse is needed.

    Raises:
        UsageError: nothing is published yet, there is no such publication, or the reader is not named.
        LineageError: an argument has the wrong form.
        WorkspaceLockedError: a run works here, and the number needs the warehouse.
    """
    database = _database(workspace, request.publication_id)
    scope_kind, _ = parse_scope(request.scope)
    if request.reader.view is not View.SHARED:
        with _recorded(workspace, request, database, command=command) as opened:
            yield opened
        return
    if scope_kind == PERSON:
        raise UsageError(
            "A person's own number is shown to that person and to auditors alone. Name yourself: "
            "--view subject --as ACCOUNT; the reading is recorded"
        )
    with ExitStack() as stack:
        con = stack.enter_context(_published(database))
        warehouse = None
        if needs_warehouse(con, request.metric, scope_kind):
            warehouse = stack.enter_context(read_between_runs(workspace, command=command))
            _check_same_build(con, warehouse)
        ledger = stack.enter_context(open_ledger(workspace, workspace.settings()))
        databases = Databases(published=con, warehouse=warehouse, objectives=_objectives(workspace, request))
        yield OpenedNumber(request=request, databases=databases, ledger=ledger, publication=database.parent)


@contextmanager
def _recorded(
    workspace: Workspace, request: TraceRequest, database: Path, *, command: str
) -> Iterator[OpenedNumber]:
    """Open under the workspace's lock, with a leaf of the governance log that says who read what."""
    reader = request.reader
    if not (reader.account or "").strip() or reader.at is None:
        raise UsageError(f"The {reader.view} view names its reader, and is recorded: --as ACCOUNT")
    scope_kind, scope_id = parse_scope(request.scope)
    with ExitStack() as stack:
        session = stack.enter_context(open_session(workspace, command=command, needs_sources=False))
        warehouse = stack.enter_context(open_warehouse(workspace.warehouse, is_read_only=True))
        con = stack.enter_context(_published(database))
        _check_same_build(con, warehouse)
        subject = _subject_of(session, warehouse, request)
        named = _named_by_token(request, subject) if scope_kind == PERSON and subject else request
        databases = Databases(published=con, warehouse=warehouse, objectives=_objectives(workspace, request))
        opened = OpenedNumber(
            request=named,
            databases=databases,
            ledger=session.ledger,
            publication=database.parent,
            subject=subject,
        )
        opened.find()  # the log keeps for ever what it is told, so it is told of numbers that there are alone
        record_reading(
            session, warehouse, reader, subject, numbers=(_without_names(request, scope_kind, scope_id),)
        )
        yield opened


def _subject_of(
    session: Session, warehouse: duckdb.DuckDBPyConnection, request: TraceRequest
) -> Subject | None:
    """Return whose number it is, or who reads the own records of it.

    Raises:
        UsageError: somebody else's own number is asked for in the subject's view.
    """
    scope_kind, scope_id = parse_scope(request.scope)
    reader = request.reader
    is_own = scope_kind == PERSON
    if reader.view is View.AUDITOR:
        return find_subject(session.vault(), warehouse, scope_id) if is_own else None
    subject = find_subject(session.vault(), warehouse, str(reader.account))
    check_still_one(session.vault(), subject)
    if is_own and find_subject(session.vault(), warehouse, scope_id).token != subject.token:
        raise UsageError(
            f"{scope_id} is not {reader.account}: the subject's view shows one's own numbers only"
        )
    return subject


def _named_by_token(request: TraceRequest, subject: Subject) -> TraceRequest:
    return replace(request, scope=f"{PERSON}:{subject.token}")


def _without_names(request: TraceRequest, scope_kind: str, scope_id: str) -> str:
    """Name a number for the log: a fact by its key, others by scope, period and what tells them apart."""
    asked = request.asked
    if asked.key is not None:
        return f"{request.metric} {asked.key}"
    scope = PERSON if scope_kind == PERSON else f"{scope_kind}:{scope_id}"
    more = (asked.metric, asked.normalisation, asked.objective, asked.window)
    plain = (one for one in more if one and _PLAIN_WORD.fullmatch(one))
    return " ".join((request.metric, scope, request.period, *plain))


def record_reading(
    session: Session,
    warehouse: duckdb.DuckDBPyConnection,
    reader: Reader,
    subject: Subject | None,
    *,
    numbers: tuple[str, ...],
) -> int:
    """Write a reading into the governance log and seal it, before anything is shown.

    Returns:
        The index of its leaf.

    Raises:
        UsageError: the reader or the time is missing.
    """
    if not (reader.account or "").strip() or reader.at is None or reader.view is View.SHARED:
        raise UsageError("A reading that is recorded names its reader: --as ACCOUNT")
    reading = Reading(
        view="auditor" if reader.view is View.AUDITOR else "subject",
        numbers=numbers,
        subject=subject.token if subject is not None else None,
        evidence_size=_evidence_size(warehouse),
        read_by=session.vault().commitment(str(reader.account)),
        read_at=reader.at,
    )
    with session.ledger.transaction() as transaction:
        index = transaction.append(GOVERNANCE_LOG, reading.leaf())
    session.ledger.checkpoint(GOVERNANCE_LOG, session.signer(), at=reader.at)
    return index


def trace_opened(workspace: Workspace, opened: OpenedNumber) -> Trace:
    """Follow an opened number to its bytes; all of it, whoever reads."""
    request, name = opened.request, opened.name
    store = EvidenceStore(workspace.evidence, opened.ledger, random_bytes=secrets.token_bytes)
    try:
        found = trace(
            opened.databases.published,
            name.metric,
            scope_kind=name.scope_kind,
            scope_id=name.scope_id,
            period_grain=name.period.grain,
            period_start=name.period.start,
            records=store,
            ledger=opened.ledger,
            most_records=request.most_records,
            asked=request.asked,
            databases=opened.databases,
        )
    finally:
        store.close()
    note = opened.publication / _CHECKPOINT
    return replace(found, checkpoint=note.read_text(encoding="utf-8") if note.exists() else None)


def _database(workspace: Workspace, publication_id: str | None) -> Path:
    database = publication_folder(workspace, publication_id or CURRENT) / "analyst.duckdb"
    if not database.exists():
        raise UsageError(f"{database} is missing: the publication was damaged. Restore it from a backup")
    return database


@contextmanager
def _published(database: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(database), read_only=True) as con:
        con.execute("set TimeZone = 'UTC'")
        yield con


def _check_same_build(con: duckdb.DuckDBPyConnection, warehouse: duckdb.DuckDBPyConnection) -> None:
    """Refuse to read a publication's numbers against a warehouse of other evidence.

    Raises:
        UsageError: the warehouse has moved on.
    """
    about = dict(con.execute("select name, value from publication.about").fetchall())
    size = _evidence_size(warehouse)
    if about.get("payload_log_size") != str(size):
        raise UsageError(
            f"The warehouse holds evidence up to {size}, publication {about.get('publication_id')} rests on "
            f"{about.get('payload_log_size')}: what publications leave out is there for the newest one only"
        )


def _evidence_size(warehouse: duckdb.DuckDBPyConnection) -> int:
    """Return the size of the payload log that the warehouse was built from; 0 where it never was."""
    held = warehouse.execute(
        "select 1 from duckdb_tables() where schema_name = 'build' and table_name = 'stages'"
    ).fetchone()
    query = "select log_size from build.stages where stage = 'models'"
    mark = warehouse.execute(query).fetchone() if held else None
    return int(mark[0]) if mark else 0


def _objectives(workspace: Workspace, request: TraceRequest) -> Mapping[str, str]:
    """Return the OpenSLO documents by name, where an objective is asked for."""
    if "slo" not in request.metric:
        return {}
    documents: dict[str, str] = {}
    for file in sorted((workspace.root / "slos").rglob("*.y*ml")):
        for document in yaml.safe_load_all(file.read_text(encoding="utf-8")):
            if isinstance(document, dict) and document.get("kind") == "SLO":
                documents[document["metadata"]["name"]] = yaml.safe_dump(document, sort_keys=False)
    return documents
