"""dbt in this process: parsing once per change of code, building selections, and letting go of the warehouse.

The project's folder is only read; the manifest, compiled SQL and logs go into the workspace's data.
"""

import gc
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from orchestration.errors import BuildFailedError
from orchestration.selection import Selection
from orchestration.workspace import Workspace

PROJECT = Path(__file__).resolve().parent.parent / "dbt_project"
_CODE = (".sql", ".yml", ".yaml", ".py", ".csv")
_BAD = ("error", "fail", "runtime error")


@dataclass(frozen=True, slots=True)
class NodeOutcome:
    """What became of one model or test."""

    unique_id: str
    name: str
    kind: str
    status: str
    seconds: float
    rows: int | None
    failures: int | None
    message: str

    @property
    def is_bad(self) -> bool:
        """Whether the node failed, or a test found rows that must not be."""
        return self.status in _BAD

    @property
    def is_built(self) -> bool:
        """Whether a model was built."""
        return self.kind == "model" and self.status == "success"


@dataclass(frozen=True, slots=True)
class DbtProject:
    """The dbt project as one workspace runs it."""

    workspace: Workspace
    threads: int = 2
    project: Path = PROJECT

    @property
    def target(self) -> Path:
        """Where dbt writes."""
        return self.workspace.dbt / "target"

    def code_hash(self) -> str:
        """Hash everything that decides what the SQL is: files, dbt and adapter versions."""
        digest = hashlib.sha256()
        for name in ("dbt-core", "dbt-duckdb", "duckdb"):
            digest.update(f"{name}=={version(name)}\n".encode())
        for path in sorted(self.project.rglob("*")):
            parts = path.relative_to(self.project).parts
            if path.suffix in _CODE and parts[0] not in ("target", "logs"):
                digest.update(f"{'/'.join(parts)}\n".encode())
                digest.update(hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()

    def manifest(self) -> dict[str, Any]:
        """Return the manifest, parsed anew only where code has changed."""
        stamp, file = self.workspace.dbt / "parsed.sha256", self.target / "manifest.json"
        code = self.code_hash()
        if not file.exists() or not stamp.exists() or stamp.read_text() != code:
            stamp.unlink(missing_ok=True)
            self._invoke(["parse"], callbacks=[])
            stamp.write_text(code)
        parsed: dict[str, Any] = json.loads(file.read_bytes())
        return parsed

    def compiled_manifest(self, *, of: Literal["model", "test"] = "model") -> dict[str, Any]:
        """Return the manifest with the SQL of every model as a build from the beginning would run it.

        It hangs on the code alone, so it is made once per change of code; the warehouse must exist.

        Args:
            of: Compile the models, or their tests.
        """
        folder = self.workspace.dbt / ("compiled" if of == "model" else "compiled_tests")
        stamp, file, code = folder / "code.sha256", folder / "manifest.json", self.code_hash()
        if not file.exists() or not stamp.exists() or stamp.read_text() != code:
            stamp.unlink(missing_ok=True)
            parsed = str(self.target / "partial_parse.msgpack")
            arguments = ["compile", "--full-refresh", "--select", f"resource_type:{of}"]
            arguments += ["--partial-parse-file-path", parsed]
            self._invoke(arguments, callbacks=[], target=folder)
            stamp.write_text(code)
        compiled: dict[str, Any] = json.loads(file.read_bytes())
        return compiled

    def build(
        self,
        *,
        select: Selection,
        is_full_refresh: bool = False,
        on_node: Callable[[NodeOutcome], None] | None = None,
    ) -> list[NodeOutcome]:
        """Build the selected models and run their tests.

        Args:
            select: Which models and tests.
            is_full_refresh: Whether incremental models start from nothing.
            on_node: Told of each node as it finishes.

        Raises:
            BuildFailedError: dbt could not even start; a failing node is in the result instead.
        """
        arguments = ["build", "--indirect-selection", "empty", "--exclude-resource-type", "unit_test"]
        arguments += ["--no-write-json", *select.arguments()]  # the parsed manifest stays as it is
        if is_full_refresh:
            arguments.append("--full-refresh")
        outcomes: list[NodeOutcome] = []
        result = self._invoke(arguments, callbacks=[_listener(on_node)] if on_node else [])
        outcomes.extend(_outcome(item) for item in result.results)
        return outcomes

    def _invoke(
        self, arguments: Sequence[str], *, callbacks: list[Callable[[Any], None]], target: Path | None = None
    ) -> Any:
        from dbt.cli.main import dbtRunner  # noqa: PLC0415 - four seconds of imports, only where dbt runs

        flags = ["--project-dir", str(self.project), "--profiles-dir", str(self.project)]
        flags += ["--target-path", str(target or self.target), "--log-path", str(self.workspace.dbt / "logs")]
        (target or self.target).mkdir(parents=True, exist_ok=True)
        try:
            with self._environment(), _rare_collections():
                done = dbtRunner(callbacks=callbacks).invoke([*_QUIET, *arguments, *flags])
        finally:
            release_connections()
        if done.exception is not None:
            log = self.workspace.dbt / "logs" / "dbt.log"
            raise BuildFailedError(f"dbt {arguments[0]} failed: {done.exception}. The whole log: {log}")
        return done.result

    @contextmanager
    def _environment(self) -> Iterator[None]:
        """Set what the profile reads, for the time of one call."""
        given = {
            "ASSAY_WAREHOUSE": str(self.workspace.warehouse),
            "ASSAY_VAULT": str(self.workspace.vault),
            "ASSAY_EVIDENCE": str(self.workspace.evidence),
            "ASSAY_THREADS": str(self.threads),
            "ASSAY_MEMORY_LIMIT": memory_limit(),
            "DO_NOT_TRACK": "1",
        }
        before = {name: os.environ.get(name) for name in given}
        os.environ.update(given)
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Look for garbage less often: dbt makes hundreds of thousands of objects that stay."""
    before = gc.get_threshold()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def memory_limit() -> str:
    """Return how much memory DuckDB may hold: half of the machine's, and no more than a build needs."""
    half = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    return f"{min(half, _MEMORY_BYTES) // 1_000_000}MB"


_MEMORY_BYTES = 5_000_000_000
_OBJECTS_BETWEEN_COLLECTIONS = 50_000
_QUIET = (
    "--log-level",
    "none",
    "--log-level-file",
    "info",
    "--no-use-colors",
    "--no-version-check",
    "--no-send-anonymous-usage-stats",
)


def release_connections() -> None:
    """Close what the adapter holds: the next writer must find the file free."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager  # noqa: PLC0415 - see above
    from dbt.adapters.factory import reset_adapters  # noqa: PLC0415

    reset_adapters()  # type: ignore[no-untyped-call] # dbt leaves it without types
    DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call] # see above
    gc.collect()


def _listener(on_node: Callable[[NodeOutcome], None]) -> Callable[[Any], None]:
    def heard(event: Any) -> None:
        if event.info.name != "NodeFinished":
            return
        node = event.data.node_info
        result = event.data.run_result
        on_node(
            NodeOutcome(
                unique_id=node.unique_id,
                name=node.node_name,
                kind=node.resource_type,
                status=str(node.node_status),
                seconds=float(result.execution_time),
                rows=None,
                failures=None,
                message=str(result.message or ""),
            )
        )

    return heard


def _outcome(item: Any) -> NodeOutcome:
    response: Mapping[str, Any] = item.adapter_response or {}
    rows = response.get("rows_affected")
    return NodeOutcome(
        unique_id=item.node.unique_id,
        name=item.node.name,
        kind=str(item.node.resource_type),
        status=str(item.status),
        seconds=float(item.execution_time),
        rows=int(rows) if rows is not None and int(rows) >= 0 else None,
        failures=item.failures,
        message=str(item.message or ""),
    )
