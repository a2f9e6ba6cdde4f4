"""`assay demo`: everything on a simulated organisation, against its truth."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestration.commands.options import NamedFolder
from orchestration.commands.sandbox import organisation_options

if TYPE_CHECKING:
    from datetime import datetime

    from rich.console import Console

    from orchestration.demonstration import Phases, Stage


@click.command()
@click.option(
    "--folder",
    type=NamedFolder(file_okay=False, path_type=Path),
    default=".demo",
    show_default=True,
    help="Where the demonstration lives; a second run there is incremental.",
)
@organisation_options
def demo(
    folder: Path, *, seed: int, factor: int, months: int, until: "datetime", services: int | None
) -> int:
    """Run everything on a simulated organisation, and print computed beside simulated truth.

    Exits 1 where any value over explicit links differs at all.
    """
    from connectors.sandbox import simulate
    from orchestration.demonstration import Phases, staged
    from orchestration.screens.console import make_console
    from orchestration.screens.demonstration import ending_lines

    organisation = simulate(seed=seed, factor=factor, months=months, until=until.date(), services=services)
    console, phases = make_console(), Phases()
    with staged(folder, organisation, phases) as stage:
        _run(stage, console, phases)
    _trace(stage, console, phases)
    _gate(stage, console, phases)
    differs = _verify(stage, console, phases) + _compare(stage, console, phases)
    for line in ending_lines(stage.workspace, phases):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    return 1 if differs else 0


def _run(stage: "Stage", console: "Console", phases: "Phases") -> None:
    from orchestration.screens.console import run_with_console

    console.rule("extract, build, check, publish")
    with phases.timed("run"):
        _, error = run_with_console(stage.workspace, environment=stage.environment)
    if error is not None:
        raise error


def _trace(stage: "Stage", console: "Console", phases: "Phases") -> None:
    from orchestration.numbers.tracing import trace_cell
    from orchestration.screens.demonstration import number_to_trace
    from orchestration.screens.trace import trace_lines

    scope, period = number_to_trace(stage.workspace)
    command = f"assay trace change_lead_time --scope {scope} --period {period}"
    console.rule(command)
    with phases.timed("trace"):
        found = trace_cell(stage.workspace, "change_lead_time", scope=scope, period=period)
    for line in trace_lines(found, most_facts=4, most_records=1):
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def _gate(stage: "Stage", console: "Console", phases: "Phases") -> None:
    from orchestration.gate_review import explain
    from orchestration.screens.gate import missing_lines

    metric = "change_lead_time_server_observed"
    console.rule(f"assay gate explain {metric} --as-tier incentive")
    console.print("Could this metric feed pay? Not yet:", highlight=False)
    with phases.timed("ask the gate"):
        found = explain(stage.workspace, metric, as_tier="incentive")
    for line in missing_lines(found):
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def _verify(stage: "Stage", console: "Console", phases: "Phases") -> int:
    from orchestration.ledger.verification import verify_workspace

    console.rule("assay verify")
    with phases.timed("verify"):
        findings = list(verify_workspace(stage.workspace))
    for finding in findings:
        console.print(
            f"{finding.part}: {finding.object_name}: {finding.problem}", markup=False, soft_wrap=True
        )
    fatal = sum(finding.is_fatal for finding in findings)
    console.print(f"{fatal} objects differ" if fatal else "Everything is what it was.")
    return fatal


def _compare(stage: "Stage", console: "Console", phases: "Phases") -> int:
    from connectors.sandbox.settings import DEMO_KINDS
    from orchestration.screens.demonstration import (
        comparison_table,
        difference_lines,
        level_lines,
        verdict_lines,
    )
    from orchestration.truth.comparison import compare
    from orchestration.truth.levels import compare_levels

    console.rule("computed beside simulated truth")
    with phases.timed("compare"):
        comparison = compare(stage.workspace.current, stage.organisation.truth(kinds=DEMO_KINDS))
        levels = compare_levels(stage.workspace.current, stage.organisation.levels())
    console.print(comparison_table(comparison))
    for line in (*difference_lines(comparison), *verdict_lines(comparison), *level_lines(levels)):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    return len(comparison.differences) + len(levels.differences)
