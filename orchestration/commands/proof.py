"""`assay proof`: write proofs that anybody can check without the workspace."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestration.commands.options import workspace_option

if TYPE_CHECKING:
    from lineage.ledger import TlogProof

_OUT = click.option(
    "--output", "out", type=click.Path(path_type=Path, dir_okay=False), help="Where the proof goes."
)
_PUBLICATION = click.option("--publication", metavar="ID", help="Default: the current one.")


@click.group()
def proof() -> None:
    """Write a proof that `assay verify --proof` checks offline, with the organisation's key alone."""


@proof.command()
@click.argument("index", type=int)
@_OUT
@click.option(
    "--body", type=click.Path(path_type=Path, dir_okay=False), help="Write the page's bytes here too."
)
@workspace_option
def page(index: int, folder: Path | None, *, out: Path | None, body: Path | None) -> None:
    """Prove the page of evidence at INDEX of the payload log: its request, its time and its SHA-256."""
    from orchestration.ledger.proving import open_prover
    from orchestration.workspace import find_workspace

    with open_prover(find_workspace(folder)) as prover:
        made, content = prover.page(index)
    if body is not None:
        body.write_bytes(content)
    _write(made, out, f"page-{index}")


@proof.command()
@click.argument("log", type=click.Choice(["payload", "governance"]))
@click.argument("index", type=int)
@_OUT
@workspace_option
def leaf(log: str, index: int, folder: Path | None, *, out: Path | None) -> None:
    """Prove the leaf at INDEX of LOG, such as a decision of the gate, a sign-off or a change of the key."""
    from orchestration.ledger.proving import open_prover
    from orchestration.workspace import find_workspace

    with open_prover(find_workspace(folder)) as prover:
        _write(prover.leaf(log, index), out, f"{log}-{index}")


@proof.command()
@click.argument("publication_id", metavar="[ID]", required=False)
@_OUT
@workspace_option
def publication(publication_id: str | None, folder: Path | None, *, out: Path | None) -> None:
    """Prove that a publication was announced, against the newest state that witnesses cosigned."""
    from orchestration.ledger.proving import open_prover
    from orchestration.workspace import find_workspace

    with open_prover(find_workspace(folder)) as prover:
        _write(prover.publication(publication_id), out, publication_id or "current")


@proof.command()
@click.argument("path")
@_PUBLICATION
@_OUT
@workspace_option
def file(path: str, folder: Path | None, *, publication: str | None, out: Path | None) -> None:
    """Prove one exported file by its PATH in the publication, such as marts/mart_metric_values.csv."""
    from orchestration.ledger.proving import open_prover
    from orchestration.workspace import find_workspace

    with open_prover(find_workspace(folder)) as prover:
        _write(prover.file(path, publication), out, Path(path).name)


@proof.command()
@click.argument("metric")
@click.option("--scope", required=True, metavar="KIND:NAME", help="Such as team:payments.")
@click.option("--period", required=True, help="2026-05, 2026-W21, 2026-Q2 or 2026-05-03.")
@_PUBLICATION
@_OUT
@workspace_option
def cell(
    metric: str, folder: Path | None, *, scope: str, period: str, publication: str | None, out: Path | None
) -> None:
    """Prove one published value of a METRIC that is certified or feeds incentives, and show no other."""
    from orchestration.ledger.proving import CellName, open_prover
    from orchestration.workspace import find_workspace

    with open_prover(find_workspace(folder)) as prover:
        made = prover.cell(CellName(metric, scope, period), publication)
    _write(made, out, f"{metric}-{scope.replace(':', '-')}-{period}")


def _write(made: "TlogProof", out: Path | None, name: str) -> None:
    target = out or Path(f"{name.replace('/', '-')}.tlog-proof")
    target.write_text(made.document(), encoding="utf-8")
    click.echo(f"{target}: leaf {made.index} of {made.stated().origin} at size {made.stated().size}")
