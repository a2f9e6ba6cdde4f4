"""Opening what a replay needs: the publication, the stored models and settings, the evidence, the tokens."""

import hashlib
import json
import secrets
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from connectors.evidence import EvidenceStore
from connectors.streams import is_kept_beside
from lineage.errors import ReplayInputError
from lineage.replay import (
    ModelBundle,
    PageAddress,
    Replay,
    StoredBuild,
    StoredInputs,
    find_published,
    keep_inputs,
    replay_number,
    replay_number_without_each,
)
from lineage.trace import Trace
from lineage.trace.context import Address
from orchestration.errors import UsageError
from orchestration.model_graph import GRAPH_TABLES
from orchestration.numbers.tracing import TraceRequest, open_number, trace_opened
from orchestration.session import open_ledger
from orchestration.workspace import Workspace

MODELS, INPUTS = "models", "inputs"


@dataclass(frozen=True, slots=True)
class ReplayFiles:
    """What replays need and no analyst: files that their hash names, in a folder of the owner's alone."""

    folder: Path

    def keep(self, content: bytes, *, name: str | None = None) -> str:
        """Store bytes and return the hash that names them; what is there already stays."""
        from publishing.durable import write_durably  # noqa: PLC0415 - charts come with it, and replays need none

        sha256 = name or hashlib.sha256(content).hexdigest()
        path = self.folder / sha256
        if not path.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            self.folder.chmod(0o700)
            write_durably(path, content)
        return sha256

    def fetch(self, sha256: str) -> bytes:
        """Return the bytes that a hash names.

        Raises:
            ReplayInputError: they are not there.
        """
        try:
            return (self.folder / sha256).read_bytes()
        except OSError as error:
            raise ReplayInputError(
                f"the file {sha256} in {self.folder}, which this publication's replay needs, cannot be read: "
                f"{error}; take it from a backup"
            ) from error


def keep_build(
    workspace: Workspace, con: duckdb.DuckDBPyConnection, manifest: Mapping[str, Any]
) -> dict[str, str]:
    """Store the compiled models, the settings and the tokens of a build; return the hashes that name them.

    Args:
        workspace: whose build.
        con: the warehouse that holds it.
        manifest: dbt's manifest of a compilation from the beginning.
    """
    files = ReplayFiles(workspace.replay)
    bundle = ModelBundle.from_manifest(manifest)
    vault = str(workspace.vault).replace("'", "''")
    con.execute(f"attach '{vault}' as replay_vault (read_only)")
    try:
        inputs = keep_inputs(con, vault="replay_vault", kinds=_kinds(workspace), keep=files.keep)
    finally:
        con.execute("detach replay_vault")
    return {MODELS: files.keep(bundle.to_bytes(), name=bundle.sha256), INPUTS: inputs}


def _kinds(workspace: Workspace) -> dict[str, str]:
    return {source.name: source.kind for source in workspace.settings().sources}


@contextmanager
def open_build(workspace: Workspace, stored: Mapping[str, str], *, log_size: int) -> Iterator[StoredBuild]:
    """Open what a publication stored for its replay, and the evidence below its cutoff.

    Args:
        workspace: whose publication.
        stored: the hashes that `keep_build` returned.
        log_size: the publication's evidence cutoff.

    Raises:
        ReplayInputError: a file is missing, or not what it was.
    """
    files, settings = ReplayFiles(workspace.replay), workspace.settings()
    bundle = ModelBundle.from_bytes(files.fetch(stored[MODELS]), sha256=stored[MODELS])
    inputs = StoredInputs.open(stored[INPUTS], files.fetch)
    with open_ledger(workspace, settings) as ledger:
        store = EvidenceStore(workspace.evidence, ledger, random_bytes=secrets.token_bytes)
        try:
            yield StoredBuild(
                bundle=bundle,
                inputs=inputs,
                inputs_sha256=stored[INPUTS],
                archive=Archive(store, inputs.kinds, log_size),
                accounts=lambda: read_accounts(workspace),
                steps=(CommitGraphStep(),),
                clock=time.perf_counter,
            )
        finally:
            store.close()


def read_accounts(workspace: Workspace) -> pa.Table:
    """Return the accounts that the identity vault knows, with their tokens and nothing else of them."""
    if not workspace.vault.exists():
        raise UsageError(f"{workspace.vault} is missing; without the identity vault no account has its token")
    with duckdb.connect(str(workspace.vault), read_only=True) as con:
        return con.sql("select account_key, account_token from account_tokens").to_arrow_table()


class CommitGraphStep:
    """Which deployment first contained each commit."""

    writes = GRAPH_TABLES
    reads = ("intermediate.int_commits", "intermediate.int_deployments_rolled_out")

    def run(self, con: duckdb.DuckDBPyConnection) -> None:
        """Fill the tables of the commit graph."""
        from orchestration.steps.commit_graph import write_commit_graph  # noqa: PLC0415 - numpy, where it is used

        write_commit_graph(con)


@dataclass(frozen=True)
class Archive:
    """Committed evidence below one size of the payload log, by stream of a kind of source."""

    store: EvidenceStore
    kinds: Mapping[str, str]
    log_size: int

    def tables(self) -> Collection[str]:
        """Return the streams that have pages."""
        files = self.store.committed_files(log_size=self.log_size)
        return {
            f"{self.kinds[file.source]}__{file.stream}"
            for file in files
            if file.source in self.kinds and not is_kept_beside(file.stream)
        }

    def addresses(self, table: str, scopes: Collection[str] | None) -> Sequence[PageAddress]:
        """Return the pages of a stream, of some scopes or of all."""
        kind, _, stream = table.partition("__")
        found: list[PageAddress] = []
        for source in (name for name, its_kind in self.kinds.items() if its_kind == kind):
            pages = self.store.stream_addresses(source, stream, scopes=scopes, log_size=self.log_size)
            found.extend(self._addresses(pages))
        return found

    def located(self, log_indexes: Collection[int]) -> Sequence[PageAddress]:
        """Return where these pages stand."""
        return list(self._addresses(self.store.addresses(log_indexes)))

    def pages(self, log_indexes: Collection[int]) -> pa.Table:
        """Return pages with their bodies, each checked against its leaf in the log."""
        return self.store.pages(log_indexes)

    def windows(self, pages: Iterable[Address]) -> pa.Table:
        """Return the closed windows of the sets that the pages belong to."""
        sets: dict[tuple[str, str, str], dict[str, set[str | None]]] = {}
        for page in pages:
            kind, _, stream = page.table.partition("__")
            parents = sets.setdefault((page.source, kind, stream), {}).setdefault(page.scope, set())
            parents.add(page.parent_key)
        tables = [self._windows(key, scopes) for key, scopes in sorted(sets.items())]
        return pa.concat_tables(tables) if tables else self._windows(("", "", ""), {})

    def _windows(self, key: tuple[str, str, str], parents: Mapping[str, Collection[str | None]]) -> pa.Table:
        source, kind, stream = key
        found = self.store.windows_of(source, stream, parents, log_size=self.log_size)
        return found.append_column("kind", pa.array([kind] * found.num_rows, pa.string()))

    def _addresses(self, pages: pa.Table) -> Iterator[PageAddress]:
        for row in pages.to_pylist():
            if row["source"] in self.kinds:
                table = f"{self.kinds[row['source']]}__{row['stream']}"
                yield PageAddress(
                    row["log_index"],
                    table,
                    row["source"],
                    row["scope"],
                    row["parent_key"],
                    row["record_count"],
                )


def replay_published_cell(
    workspace: Workspace,
    metric: str,
    *,
    scope: str,
    period: str,
    drop: Collection[int] = (),
    is_each_dropped: bool = False,
) -> Replay:
    """Make one published value of the current publication again, see `replay_published`."""
    request = TraceRequest(metric=metric, scope=scope, period=period)
    return replay_published(workspace, request, drop=drop, is_each_dropped=is_each_dropped)


def replay_published(
    workspace: Workspace,
    request: TraceRequest,
    *,
    drop: Collection[int] = (),
    is_each_dropped: bool = False,
) -> Replay:
    """Make one number again from its records alone.

    A person's own number is made again for that person or an auditor; the reading is recorded like a trace's.

    Args:
        workspace: Whose current publication.
        request: Which number, for whom; everything that `assay trace` takes, of the current publication.
        drop: Ids of records to leave out.
        is_each_dropped: Whether each contributing record is left out in turn, to see what it does.

    Raises:
        UsageError: nothing is published yet, the publication stored nothing for a replay, or the reader is
            not named.
        LineageError: there is no such number, an argument has the wrong form, or what was stored is another.
        EvidenceError: a page is missing, or is not the one that was committed.
        WorkspaceLockedError: a run works here, and the number needs the warehouse.
    """
    with ExitStack() as stack:
        opened = stack.enter_context(open_number(workspace, request, command="assay replay"))
        build = stack.enter_context(_opened_build(workspace, opened.publication))
        number, con = opened.find(), opened.databases.published
        if is_each_dropped:
            return replay_number_without_each(con, number, build)
        return replay_number(con, number, build, drop=drop)


def trace_with_context(workspace: Workspace, request: TraceRequest) -> Trace:
    """Trace one number, with the frames of everything that it is read against, as a replay loads it.

    Raises:
        UsageError: as `trace_number`, and where the publication stored nothing for a replay.
        LineageError: as `trace_number`.
        WorkspaceLockedError: a run works here, and the number needs the warehouse.
    """
    with ExitStack() as stack:
        opened = stack.enter_context(open_number(workspace, request, command="assay trace"))
        build = stack.enter_context(_opened_build(workspace, opened.publication))
        context = find_published(opened.databases.published, opened.find(), build).context
        found = trace_opened(workspace, opened)
        return opened.seen(replace(found, context_frames=context.frames))


@contextmanager
def _opened_build(workspace: Workspace, publication: Path) -> Iterator[StoredBuild]:
    """Open what a publication in this folder stored for its replay."""
    manifest: Mapping[str, Any] = json.loads((publication / "manifest.json").read_bytes())
    stored: Mapping[str, str] = manifest.get("replay") or {}
    if {MODELS, INPUTS} - stored.keys():
        raise UsageError(
            f"The publication {manifest['publication_id']} of {workspace.root} is of an earlier version, "
            "which stored no SQL to replay. Make a new one with: assay run"
        )
    with open_build(workspace, stored, log_size=int(manifest["evidence"]["payload_log_size"])) as build:
        yield build


def stored_replay_problems(workspace: Workspace) -> Iterator[tuple[str, str]]:
    """Yield each stored file that a publication's replay needs and that is missing or another, and why."""
    from publishing.errors import ManifestError  # noqa: PLC0415 - charts come with it, and replays need none
    from publishing.manifest import read_manifest  # noqa: PLC0415 - see above

    files, looked_at = ReplayFiles(workspace.replay), set[str]()
    folders = sorted(workspace.published.iterdir()) if workspace.published.is_dir() else []
    for folder in (path for path in folders if path.is_dir() and not path.is_symlink()):
        try:
            stored: Mapping[str, str] = read_manifest(folder).document.get("replay") or {}
        except ManifestError:
            continue  # named among the publications
        if stored.get(MODELS, "") not in looked_at:
            yield from _models_problem(files, stored, looked_at)
        if stored.get(INPUTS, "") not in looked_at:
            yield from _inputs_problems(files, stored, looked_at)


def _models_problem(
    files: ReplayFiles, stored: Mapping[str, str], looked_at: set[str]
) -> Iterator[tuple[str, str]]:
    if (sha256 := stored.get(MODELS)) is None:
        return
    looked_at.add(sha256)
    try:
        ModelBundle.from_bytes(files.fetch(sha256), sha256=sha256)
    except ReplayInputError as error:
        yield sha256, str(error)


def _inputs_problems(
    files: ReplayFiles, stored: Mapping[str, str], looked_at: set[str]
) -> Iterator[tuple[str, str]]:
    if (sha256 := stored.get(INPUTS)) is None:
        return
    looked_at.add(sha256)
    try:
        inputs = StoredInputs.open(sha256, files.fetch)
    except ReplayInputError as error:
        yield sha256, str(error)
        return
    for relation, name in inputs.tables.items():
        if name in looked_at:
            continue
        looked_at.add(name)
        try:
            inputs.table(relation)
        except ReplayInputError as error:
            yield name, str(error)
