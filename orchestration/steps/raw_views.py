"""SQL of the raw schema: views over explicit lists of committed files, never a glob.

Compaction and fetches that run at the same time can then neither double nor leak a row (DESIGN §3).
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

from lineage.page_columns import PAGE_COLUMNS

_NO_PAGES = (
    "select " + ", ".join(f"null::{kind} as {name}" for name, kind in PAGE_COLUMNS.items()) + " where false"
)


class CommittedFile(Protocol):
    """What is read of a committed file of evidence."""

    @property
    def path(self) -> Path:
        """Where it lies."""

    @property
    def source(self) -> str:
        """The source's name in the settings."""

    @property
    def stream(self) -> str:
        """The stream's name."""

    @property
    def first_log_index(self) -> int:
        """Log index of its first page."""

    @property
    def last_log_index(self) -> int:
        """Log index of its last page."""


def all_pages(files: Sequence[CommittedFile], *, log_size: int) -> str:
    """Select every page below the log size."""
    return _pages(files, f"log_index < {log_size}")


def new_pages(
    files: Sequence[CommittedFile],
    *,
    log_size: int,
    processed_log_size: int,
    reused: Sequence[int] = (),
    stream: str = "",
) -> str:
    """Select what staging must read in this build.

    Args:
        files: the stream's files.
        log_size: size of the payload log at which the build is pinned.
        processed_log_size: pages below it were read by an earlier build.
        reused: log indexes of earlier pages that a window closed since consists of; they stand in
            `raw.reused_pages` under `stream`.
        stream: the stream's name there.
    """
    fresh = [file for file in files if file.last_log_index >= processed_log_size]
    selected = _pages(fresh, f"log_index >= {processed_log_size} and log_index < {log_size}")
    if not reused:
        return selected
    holding = _files_holding(files, reused)
    listed = f"log_index in (select log_index from raw.reused_pages where stream = '{stream}')"
    return f"{selected} union all {_pages(holding, f'log_index < {processed_log_size} and {listed}')}"


def page_list(files: Iterable[tuple[CommittedFile, str]], *, log_size: int) -> str:
    """Select every page of every stream without its body, which is measured only where somebody asks."""
    by_kind: dict[str, list[CommittedFile]] = {}
    for file, kind in files:
        by_kind.setdefault(kind, []).append(file)
    parts = [_listed(of_kind, kind, log_size) for kind, of_kind in sorted(by_kind.items())]
    return " union all ".join(parts) if parts else _listed([], "", log_size)


def _listed(files: Sequence[CommittedFile], kind: str, log_size: int) -> str:
    return (
        f"select log_index, source, '{kind}' as kind, stream, scope, parent_key, window_id, sequence, "
        "record_count, fetched_at, url, body_sha256, octet_length(body) as body_bytes "
        f"from ({all_pages(files, log_size=log_size)})"
    )


def _pages(files: Sequence[CommittedFile], condition: str) -> str:
    if not files:
        return _NO_PAGES
    names = ", ".join(_quoted(file.path) for file in sorted(files, key=lambda file: file.first_log_index))
    return f"select {', '.join(PAGE_COLUMNS)} from read_parquet([{names}]) where {condition}"


def _files_holding(files: Sequence[CommittedFile], log_indexes: Sequence[int]) -> list[CommittedFile]:
    wanted = sorted(log_indexes)
    return [file for file in files if _any_between(wanted, file.first_log_index, file.last_log_index)]


def _any_between(ordered: Sequence[int], low: int, high: int) -> bool:
    at = bisect_left(ordered, low)
    return at < len(ordered) and ordered[at] <= high


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
