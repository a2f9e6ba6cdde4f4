"""What a run looks like in a terminal: bars while it goes on, a table when it ends."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.table import Table

from connectors.evidence import StreamTotals
from connectors.reports import Progress, StreamReport
from orchestration.dbt_runner import NodeOutcome
from orchestration.run_record import RunRecord

_UNITS = ("B", "kB", "MB", "GB", "TB")
_STEP = 1000


class TerminalWatcher:
    """Draws progress bars on a terminal, and plain lines where there is none."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bars = Bars(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[detail]}"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._streams: dict[str, TaskID] = {}
        self._stage: TaskID | None = None

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def stage(self, title: str) -> None:
        """Show what the run is at."""
        if self._stage is not None:
            self._bars.remove_task(self._stage)
        self._stage = self._bars.add_task(title, total=None, detail="")
        if not self._console.is_terminal:
            self._console.print(f"· {title}", highlight=False)

    def extracting(self, progress: Progress) -> None:
        """Move a stream's bar."""
        name = f"{progress.source}.{progress.stream}"
        if name not in self._streams:
            self._streams[name] = self._bars.add_task(name, total=None, detail="")
        detail = f"{progress.requests} requests, {progress.records} records, {size_text(progress.bytes)}"
        self._bars.update(
            self._streams[name],
            completed=progress.units_done,
            total=progress.units_total or None,
            detail=detail,
        )

    def extracted(self, report: StreamReport) -> None:
        """Take a stream's bar away."""
        task = self._streams.pop(f"{report.source}.{report.stream}", None)
        if task is not None:
            self._bars.remove_task(task)

    def building(self, outcome: NodeOutcome, *, done: int, total: int) -> None:
        """Move the bar of the build."""
        if self._stage is not None:
            self._bars.update(self._stage, completed=done, total=total, detail=outcome.name)

    def note(self, text: str) -> None:
        """Print a line above the bars."""
        self._console.print(f"[yellow]·[/yellow] {text}", highlight=False, soft_wrap=True)


def narrow_table(title: str) -> Table:
    """Return a table without lines, so that eighty columns hold it."""
    return Table(title=title, title_justify="left", header_style="bold", box=None, padding=(0, 1, 0, 0))


def run_table(record: RunRecord) -> Table:
    """Return the table of what a run fetched."""
    table = narrow_table("Fetched")
    for name in ("stream", "requests", "304", "new", "same", "records", "bytes", "seconds"):
        table.add_column(name, justify="left" if name == "stream" else "right", no_wrap=True)
    for report in record.reports:
        table.add_row(f"{report.source}.{report.stream}", *_figures(report))
    for failure in record.failures:
        table.add_row(f"[red]{failure.source}.{failure.stream}[/red]", *("-",) * 6, "failed")
    if record.reports:
        table.add_section()
        table.add_row("[bold]all[/bold]", *_figures(_sum(record.reports)))
    return table


def build_line(record: RunRecord) -> str:
    """Say in one line what was built, checked and published."""
    if not record.build_reasons:
        built = f"nothing to build: {record.models_kept} models stand as they were"
    else:
        why = _shortened(record.build_reasons)
        built = f"{record.models_built} models built, {record.models_kept} kept ({why})"
    tests = [outcome for outcome in record.outcomes if outcome.kind == "test"]
    tested = f"{sum(test.status == 'pass' for test in tests)}/{len(tests)} tests"
    checked = f"{sum(check.is_passed for check in record.checks)}/{len(record.checks)} checks"
    published = "new publication " if record.is_published_anew else "publication "
    return f"{built}; {tested}; {checked}; {published}{record.publication or 'none'}"


def stages_line(record: RunRecord) -> str:
    """Say in one line where the time went."""
    return ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in record.seconds.items())


def size_text(count: float) -> str:
    """Write a number of bytes for people."""
    for unit in _UNITS[:-1]:
        if count < _STEP:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= _STEP
    return f"{count:.1f} {_UNITS[-1]}"


def _shortened(reasons: tuple[str, ...], shown: int = 4) -> str:
    rest = len(reasons) - shown
    return ", ".join(reasons[:shown]) + (f" and {rest} more" if rest > 0 else "")


def _figures(report: StreamReport) -> tuple[str, ...]:
    return (
        str(report.requests),
        str(report.not_modified),
        str(report.pages),
        str(report.reused_pages),
        str(report.records),
        size_text(report.bytes),
        f"{report.seconds:.1f}",
    )


def _sum(reports: list[StreamReport]) -> StreamReport:
    return StreamReport(
        source="",
        stream="all",
        requests=sum(report.requests for report in reports),
        not_modified=sum(report.not_modified for report in reports),
        pages=sum(report.pages for report in reports),
        reused_pages=sum(report.reused_pages for report in reports),
        records=sum(report.records for report in reports),
        bytes=sum(report.bytes for report in reports),
        seconds=sum(report.seconds for report in reports),
    )


def evidence_table(totals: tuple[StreamTotals, ...]) -> Table:
    """Return the table of what evidence is kept."""
    table = narrow_table("Evidence")
    for name in ("stream", "files", "pages", "records", "bytes", "on disk"):
        table.add_column(name, justify="left" if name == "stream" else "right")
    for total in totals:
        counts = (str(total.files), str(total.pages), str(total.records))
        table.add_row(
            f"{total.source}.{total.stream}", *counts, size_text(total.bytes), size_text(total.file_bytes)
        )
    return table
