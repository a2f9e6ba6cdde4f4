"""Replaying a whole publication: evidence up to its cutoff, stored SQL and settings, the same bytes."""

import secrets
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from connectors.evidence import EvidenceStore
from connectors.streams import is_kept_beside
from lineage.errors import ReplayInputError
from lineage.ledger import Ledger
from lineage.replay import ModelBundle, StoredInputs
from lineage.replay.running import Sandbox, load_inputs
from orchestration.errors import UsageError
from orchestration.numbers.replaying import (
    INPUTS,
    MODELS,
    CommitGraphStep,
    ReplayFiles,
    read_accounts,
)
from orchestration.publications import publication_folder
from orchestration.session import open_ledger
from orchestration.steps.config_tables import CONFIG_TABLES
from orchestration.steps.raw_schema import Evidence, build_raw_schema
from orchestration.workspace import Workspace
from publishing.manifest import Manifest, read_manifest
from publishing.reexport import Comparison, differing, export_again
from publishing.sealing import announced

_WAREHOUSE = "assay.duckdb"
_SCHEMAS = ("computed", "staging", "intermediate", "marts")


@dataclass(frozen=True, slots=True)
class PublicationReplay:
    """A publication made again beside the published one.

    Attributes:
        publication_id: Which one.
        threads: How many threads made it.
        log_size: The evidence cutoff.
        models: How many stored models and steps were run.
        comparisons: Every table and flat file.
        redacted_since: Pages that were redacted after the publication; they may explain a difference.
        seconds: How long the parts took.
    """

    publication_id: str
    threads: int
    log_size: int
    models: int
    comparisons: tuple[Comparison, ...]
    redacted_since: tuple[int, ...]
    seconds: Mapping[str, float]

    @property
    def is_equal(self) -> bool:
        """Whether every table and every file came out the same."""
        return bool(self.comparisons) and not differing(self.comparisons)

    def to_document(self) -> dict[str, Any]:
        """Return the JSON form."""
        document = {"v": 1, "is_equal": self.is_equal, **asdict(self)}
        return {**document, "seconds": {name: round(value, 3) for name, value in self.seconds.items()}}


def replay_publication(
    workspace: Workspace, publication_id: str, *, threads: int, on_step: Callable[[str], None]
) -> PublicationReplay:
    """Build everything as of a publication's cutoff in a folder of its own, and compare its exports.

    Args:
        workspace: Whose publication; nothing in it is written.
        publication_id: Its name, as for `publication_folder`.
        threads: How many threads DuckDB may use: the result must not hang on it.
        on_step: Told the name of each step as it begins.

    Raises:
        UsageError: there is no such publication, or it was made before replays were stored.
        ReplayInputError: what was stored is missing or another, or does not run.
    """
    folder = publication_folder(workspace, publication_id)
    manifest = read_manifest(folder)
    stored: Mapping[str, str] = manifest.document.get("replay") or {}
    if not {MODELS, INPUTS} <= stored.keys():
        raise UsageError(f"{manifest.publication_id} was published without what a replay needs")
    seconds: dict[str, float] = {}
    with (
        tempfile.TemporaryDirectory(prefix="assay-replay-") as held,
        open_ledger(workspace, workspace.settings()) as ledger,
    ):
        work = Path(held)
        _check_announced(ledger, manifest)
        rebuild = _Rebuild(workspace, manifest, stored, threads, work / _WAREHOUSE)
        begun = time.perf_counter()
        on_step("build everything again from the evidence")
        models, redacted = rebuild.run(ledger)
        seconds["build"] = time.perf_counter() - begun
        on_step("export again and compare")
        target = work / "exports"
        target.mkdir()
        comparisons = export_again(work / _WAREHOUSE, folder, manifest, target=target, threads=threads)
        seconds["export"] = time.perf_counter() - begun - seconds["build"]
    return PublicationReplay(
        publication_id=manifest.publication_id,
        threads=threads,
        log_size=rebuild.log_size,
        models=models,
        comparisons=tuple(comparisons),
        redacted_since=redacted,
        seconds=seconds,
    )


def _check_announced(ledger: Ledger, manifest: Manifest) -> None:
    """Refuse a manifest that the log does not know: a replay that agreed with it would prove nothing."""
    known = {leaf["publication_id"]: leaf["manifest_sha256"] for _, leaf in announced(ledger)}
    if known.get(manifest.publication_id) != manifest.sha256:
        raise ReplayInputError(
            f"the manifest of {manifest.publication_id} is not the one that the governance log announces; "
            "`assay verify` says what differs"
        )


@dataclass(frozen=True, slots=True)
class _Rebuild:
    """Everything that one rebuilding reads, and the file that it fills."""

    workspace: Workspace
    manifest: Manifest
    stored: Mapping[str, str]
    threads: int
    warehouse: Path

    @property
    def log_size(self) -> int:
        """The publication's evidence cutoff."""
        return int(self.manifest.document["evidence"]["payload_log_size"])

    def run(self, ledger: Ledger) -> tuple[int, tuple[int, ...]]:
        """Fill the file; return how many models were run, and the pages that were redacted since."""
        files = ReplayFiles(self.workspace.replay)
        bundle = ModelBundle.from_bytes(files.fetch(self.stored[MODELS]), sha256=self.stored[MODELS])
        inputs = StoredInputs.open(self.stored[INPUTS], files.fetch)
        store = EvidenceStore(self.workspace.evidence, ledger, random_bytes=secrets.token_bytes)
        try:
            evidence = self._evidence(store, inputs.kinds)
            with duckdb.connect(config={"threads": self.threads}) as con:
                self._attach(con)
                self._load(con, evidence, inputs)
                sandbox = self._sandbox(con, bundle, evidence)
                sandbox.run(sandbox.order(bundle.models))
                con.execute("checkpoint")
            published_at = str(self.manifest.document["published_at"])
            redacted = sorted(
                {one.log_index for one in store.redactions() if one.redacted_at.isoformat() > published_at}
            )
        finally:
            store.close()
        return len(sandbox.ran), tuple(redacted)

    def _evidence(self, store: EvidenceStore, kinds: Mapping[str, str]) -> Evidence:
        windows = store.windows(log_size=self.log_size)
        beside = [name for name in pc.unique(windows["stream"]).to_pylist() if is_kept_beside(name)]
        is_beside = pc.is_in(windows["stream"], pa.array(beside, pa.string()))
        files = store.committed_files(log_size=self.log_size)
        redactions = store.redactions()
        return Evidence(
            log_size=self.log_size,
            files=[file for file in files if not is_kept_beside(file.stream)],
            windows=windows.filter(pc.invert(is_beside)),
            kinds=kinds,
            redactions=pa.table(
                {
                    "log_index": pa.array([one.log_index for one in redactions], pa.int64()),
                    "json_paths": pa.array(
                        [list(one.json_paths) for one in redactions], pa.list_(pa.string())
                    ),
                }
            ),
        )

    def _attach(self, con: duckdb.DuckDBPyConnection) -> None:
        path = str(self.warehouse).replace("'", "''")
        con.execute(f"attach '{path}' as assay; attach ':memory:' as vault; use assay")
        con.execute("set TimeZone = 'UTC'")
        for schema in _SCHEMAS:
            con.execute(f"create schema {schema}")

    def _load(self, con: duckdb.DuckDBPyConnection, evidence: Evidence, inputs: StoredInputs) -> None:
        """Lay out the raw schema as a build does, then put every stored table in its place."""
        config = {
            name: inputs.table(f"config.{name}")
            for name in CONFIG_TABLES
            if f"config.{name}" in inputs.tables
        }
        build_raw_schema(con, evidence, config=config, staging_sha256="", is_full_refresh=True)
        load_inputs(con, inputs, read_accounts(self.workspace), needed=inputs.tables)

    def _sandbox(self, con: duckdb.DuckDBPyConnection, bundle: ModelBundle, evidence: Evidence) -> Sandbox:
        step = CommitGraphStep()
        with_pages = {
            f"{evidence.kinds[file.source]}__{file.stream}"
            for file in evidence.files
            if file.source in evidence.kinds
        }
        return Sandbox(con, bundle, dict.fromkeys(step.writes, step), frozenset(with_pages))
