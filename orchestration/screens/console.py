"""A run with everything that a person at a terminal sees of it."""

import time
from collections.abc import Mapping

from rich.console import Console

from orchestration.errors import AssayError
from orchestration.run_record import NobodyWatches, RunRecord
from orchestration.running import RunOptions, run_workspace
from orchestration.screens.figures import five_numbers
from orchestration.screens.terminal import TerminalWatcher, build_line, narrow_table, run_table, stages_line
from orchestration.workspace import Workspace

_PAGE_WIDTH = 80


def make_console() -> Console:
    """Return the terminal, or a page wide enough for the tables where there is none."""
    terminal = Console()
    return terminal if terminal.is_terminal else Console(width=_PAGE_WIDTH)


def run_with_console(
    workspace: Workspace,
    *,
    environment: Mapping[str, str] | None = None,
    options: RunOptions | None = None,
    is_silent: bool = False,
) -> tuple[RunRecord, AssayError | None]:
    """Run the workspace with progress bars and end with the table and the five numbers."""
    if is_silent:
        return run_workspace(workspace, watcher=NobodyWatches(), environment=environment, options=options)
    console = make_console()
    begun = time.monotonic()
    with TerminalWatcher(console) as watcher:
        record, error = run_workspace(workspace, watcher=watcher, environment=environment, options=options)
    console.print(run_table(record))
    console.print(f"{build_line(record)}; {time.monotonic() - begun:.1f} s", soft_wrap=True, highlight=False)
    console.print(stages_line(record), soft_wrap=True, highlight=False, style="dim")
    if error is None or record.publication:
        show_five_numbers(workspace, console)
    return record, error


def show_five_numbers(workspace: Workspace, console: Console) -> None:
    """Print the five numbers of the current publication, and where its report lies."""
    if not workspace.current.exists():
        return
    figures = five_numbers(workspace.current)
    if figures:
        month = f"{figures[0].period_start:%B %Y}{', so far' if figures[0].is_partial else ''}"
        table = narrow_table(f"{month}, the whole organisation")
        for name in ("metric", "value", "n", "95 % interval"):
            table.add_column(name, justify="left" if name == "metric" else "right", no_wrap=True)
        for figure in figures:
            table.add_row(figure.title, figure.text, str(figure.n), figure.interval_text)
        console.print()
        console.print(table)
    else:
        console.print("No deployment was found yet: the five numbers have nothing to count.")
    console.print(f"Report: {workspace.current / 'report.html'}", soft_wrap=True, highlight=False)
