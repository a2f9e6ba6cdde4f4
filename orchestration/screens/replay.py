"""A replay as a person reads it: what was loaded, what ran, both numbers, and what each record does."""

from collections.abc import Iterator
from dataclasses import fields
from decimal import Decimal

from lineage.replay import CellValues, Redundancy, Replay
from orchestration.numbers.replaying_publication import PublicationReplay
from orchestration.screens.context import context_lines

_MEGABYTE = 1_000_000
_MOST_REDUNDANT = 40
_MOST_COLUMNS = 60


def replay_lines(replay: Replay) -> Iterator[str]:
    """Yield the lines of a replay."""
    cell, loaded = replay.cell, replay.loaded
    period = "" if cell.scope_kind == "fact" else f", {cell.period_start} to {cell.period_end}"
    yield f"{replay.address or cell.metric}, {cell.scope_kind} {cell.scope_id}{period}"
    megabytes = loaded.body_bytes / _MEGABYTE
    yield ""
    yield (
        f"loaded: {loaded.contributing:,} records that make the number and {loaded.context:,} that it is "
        f"read against, from {loaded.pages:,} pages ({megabytes:.1f} MB), "
        "each checked against its leaf in the log"
    )
    yield from context_lines(loaded.frames)
    if loaded.dropped:
        yield f"  left out on request: {', '.join(map(str, loaded.dropped))}"
    yield f"ran:    {len(replay.ran)} stored models and steps (SQL {replay.models_sha256[:16]}, "
    yield f"        settings {replay.inputs_sha256[:16]}) in an empty database"
    yield from (f"        {name}: {seconds:.2f} s" for name, seconds in replay.seconds.items())
    yield ""
    yield f"{'':14}{'published':>24}{'from the records':>24}"
    for each in fields(CellValues):
        published, replayed = getattr(replay.published, each.name), getattr(replay.replayed, each.name)
        mark = "" if published == replayed else "  differs"
        yield f"  {each.name:12}{_text(published):>24}{_text(replayed):>24}{mark}"
    yield from _row_lines(replay)
    yield ""
    yield from _each_lines(replay)
    yield _verdict(replay)


def _row_lines(replay: Replay) -> Iterator[str]:
    """The columns of the number's row: how many are equal, and each that is not."""
    if not replay.row:
        return
    differing = [one for one in replay.row if not one.is_equal]
    equal = len(replay.row) - len(differing)
    yield f"  its row has {len(replay.row)} columns: {equal} come out exactly as published"
    for one in differing[:_MOST_COLUMNS]:
        yield f"    {one.name}: published {one.published}, from the records {one.replayed}  differs"


def _each_lines(replay: Replay) -> Iterator[str]:
    if not replay.dropped_each:
        return
    redundant = replay.redundant
    yield (
        f"left out one by one: {len(replay.dropped_each) - len(redundant)} of {len(replay.dropped_each)} "
        f"contributing records change the number, {len(redundant)} are redundant"
    )
    yield from (_redundant_line(one) for one in redundant[:_MOST_REDUNDANT])
    if len(redundant) > _MOST_REDUNDANT:
        yield f"  … and {len(redundant) - _MOST_REDUNDANT} more; --json lists all"
    yield ""


def _redundant_line(one: Redundancy) -> str:
    return f"  {one.record_id}  {one.reason}"


def _verdict(replay: Replay) -> str:
    if replay.is_equal:
        return "The records alone make exactly the published number."
    return f"The records do NOT make the published number: {'; '.join(replay.differences)}"


def _text(value: Decimal | int | None) -> str:
    return "empty" if value is None else str(value)


def publication_lines(replay: PublicationReplay) -> Iterator[str]:
    """Yield the lines of a whole publication's replay."""
    threads = "1 thread" if replay.threads == 1 else f"{replay.threads} threads"
    yield f"publication {replay.publication_id}, evidence up to {replay.log_size:,} leaves, {threads}"
    yield f"ran {replay.models:,} stored models and steps; " + ", ".join(
        f"{name} {seconds:.1f} s" for name, seconds in replay.seconds.items()
    )
    for one in replay.comparisons:
        if not one.is_equal:
            yield f"  {one.name}: published {_short(one.published)}, made again {_short(one.replayed)}"
    if replay.redacted_since:
        pages = f"{len(replay.redacted_since):,} pages were redacted since"
        yield f"{pages}; what they held cannot come out again"
    equal = sum(one.is_equal for one in replay.comparisons)
    files = sum(not one.name.startswith("table ") for one in replay.comparisons)
    tables = len(replay.comparisons) - files
    if replay.is_equal:
        yield f"Equal: all {tables} tables by rows, all {files} Parquet and CSV files byte for byte."
    else:
        yield f"Differs: {equal} of {len(replay.comparisons)} tables and files came out as published."


def _short(sha256: str | None) -> str:
    return "nothing" if sha256 is None else sha256[:16]
