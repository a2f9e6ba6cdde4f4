"""A ledger, a warehouse and a context: what every test of publishing starts from."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from lineage.ledger import Ledger, NoteSigner
from publishing import Publication, PublicationContext, SourceSummary, publish
from tests.publishing.warehouse import METRICS, make_warehouse

AT = datetime(2026, 7, 1, 3, tzinfo=UTC)
SIGNER = NoteSigner("acme.example/assay", bytes(range(32)))
EVIDENCE_LEAVES = 300


@dataclass(frozen=True)
class Repair:
    """What mends a check, as quality checks say it."""

    command: str


@dataclass(frozen=True)
class Check:
    """A result as quality checks give it."""

    name: str = "conserves_deployments"
    subject: str = "fct_deployments"
    severity: str = "blocking"
    is_passed: bool = True
    message: str = "3,120 of 3,120"
    layer: str = "facts"
    offenders: tuple[str, ...] = ()
    offender_count: int = 0
    remedy: str = ""
    repairs: tuple[Repair, ...] = ()


CONTEXT = PublicationContext(
    organisation="Acme",
    time_zone="UTC",
    payload_log_size=EVIDENCE_LEAVES - 50,
    definition_hashes={metric[0]: f"{number:064x}" for number, metric in enumerate(METRICS, 1)},
    checks=(
        Check(),
        Check("covers_windows", "github.workflow_runs", "warning", message="complete", layer="extraction"),
    ),
    environment={"Assay": "0.1.0"},
    sources=(SourceSummary("github", "github", 40, 3000, AT - timedelta(hours=2)),),
)


class Release:
    """A workspace in small: the warehouse is made once and copied."""

    def __init__(self, folder: Path, template: Path) -> None:
        self.folder = folder
        self.root = folder / "published"
        self.warehouse = folder / "assay.duckdb"
        shutil.copy(template, self.warehouse)
        self.ledger = Ledger(folder / "ledger" / "ledger.sqlite", origin="assay/acme")
        with self.ledger.transaction() as transaction:
            for number in range(EVIDENCE_LEAVES):
                transaction.append("payload", b'{"n":%d}' % number)

    def publish(
        self, publication_id: str = "first", *, on_step: Callable[[str], None] | None = None, **changes: Any
    ) -> Publication:
        """Publish with some of the context changed."""
        return publish(
            self.warehouse,
            self.root,
            publication_id=publication_id,
            context=replace(CONTEXT, **changes),
            ledger=self.ledger,
            signer=SIGNER,
            at=AT,
            on_step=on_step,
        )

    def change(self, statement: str) -> None:
        """Run SQL on the warehouse."""
        with duckdb.connect(str(self.warehouse)) as con:
            con.execute(statement)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Query the current publication as an analyst does."""
        with duckdb.connect(str(self.root / "current" / "analyst.duckdb"), read_only=True) as con:
            return con.execute(query).fetchall()


def make_template(folder: Path, *, metrics: tuple[str, ...] = (), months: int = 12) -> Path:
    """Build the warehouse that releases copy; all metrics where none is named."""
    path = make_warehouse(folder / "assay.duckdb", months=months)
    if metrics:
        with duckdb.connect(str(path)) as con:
            for table in ("dim_metrics", "mart_metric_values"):
                con.execute(f"delete from marts.{table} where not list_contains($1, metric)", [list(metrics)])
    return path
