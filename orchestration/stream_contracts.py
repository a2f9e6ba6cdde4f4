"""What reconciliation must know of each stream: stated by hand, or derived from its declaration."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from connectors.http.streams import HttpStream, Reading
from connectors.kinds import SourceKind
from connectors.sources import SOURCE_KINDS
from connectors.streams import Column, ColumnType, Stream
from orchestration.staging_models.paths import Path, parse_path
from orchestration.staging_models.staged_stream_plan import StagedStreamPlan, envelope_keys
from quality_checks.stated_values import STATED_VALUES
from quality_checks.streams import STREAMS, KeyPart, KeyReading, StreamContract

_READINGS: Final[Mapping[ColumnType, KeyReading]] = {
    "bigint": "whole_number",
    "integer": "whole_number",
    "date": "date",
    "timestamptz": "instant",
    "epoch_seconds": "epoch_seconds",
    "epoch_milliseconds": "epoch_milliseconds",
    "json": "json",
}
_COMPARED: Final = frozenset(_READINGS) - {"json"} | {"varchar", "boolean"}


def stream_contracts(
    kinds: Iterable[SourceKind], stated: Iterable[StreamContract] = STREAMS
) -> tuple[StreamContract, ...]:
    """Return the contract of every staged stream of these kinds.

    Args:
        kinds: The kinds of source.
        stated: Contracts that are stated by hand, which win.
    """
    by_name = {(contract.kind, contract.stream): contract for contract in stated}
    return tuple(
        _with_values(
            _with_questions(by_name.get((kind.name, stream.name)) or _derived(kind, stream), stream), stream
        )
        for kind in kinds
        for stream in kind.streams
        if stream.is_staged
    )


def contracts_of(kinds: Collection[str]) -> tuple[StreamContract, ...]:
    """Return the contracts of the kinds of source that a workspace has; others have no pages."""
    return tuple(contract for contract in STREAM_CONTRACTS if contract.kind in kinds)


def _with_questions(contract: StreamContract, stream: Stream) -> StreamContract:
    """Return the contract with what the source can be asked about the stream beside it."""
    if not isinstance(stream, HttpStream):
        return contract
    is_counted = stream.source_total is not None
    return replace(contract, is_sampled=stream.item is not None, is_counted=is_counted)


def _with_values(contract: StreamContract, stream: Stream) -> StreamContract:
    """Return the contract with where values stand: as stated by hand, or as declared."""
    stated = STATED_VALUES.get((contract.kind, contract.stream))
    declared = () if contract.is_about_people else tuple(_declared_values(stream))
    return replace(contract, values=declared if stated is None else stated)


def _declared_values(stream: Stream) -> Iterator[KeyPart]:
    for column in stream.columns:
        path = parse_path(column.path)
        if path.page is None and not path.is_list and path.keys and column.type in _COMPARED:
            yield KeyPart(path.keys, column.name, _READINGS.get(column.type, "text"))
    updated = parse_path(stream.updated_at) if stream.columns and stream.updated_at else None
    if updated is not None and updated.page is None:
        yield KeyPart(updated.keys, "source_updated_at", _READINGS.get(stream.updated_at_type, "text"))


def _derived(kind: SourceKind, stream: Stream) -> StreamContract:
    plan = StagedStreamPlan(kind.name, stream) if stream.columns else None
    parent = next((each for each in kind.streams if each.name == stream.parent), None)
    return StreamContract(
        kind=kind.name,
        stream=stream.name,
        mode=stream.mode.value,
        key=tuple(_key_parts(stream, plan)),
        shape="wrapped" if stream.envelope else "array_or_object",
        envelope=envelope_keys(stream),
        parent=stream.parent,
        parent_columns=_parent_columns(kind, parent, stream),
        is_about_people=plan is not None and plan.is_about_people,
        is_row_per_record=plan is not None,
        is_windowed=stream.is_windowed,
    )


def _key_parts(stream: Stream, plan: StagedStreamPlan | None) -> Iterator[KeyPart]:
    for key in stream.keys:
        path = parse_path(key)
        staged = plan.key_column(key) if plan is not None else None
        column = plan.column(staged) if plan is not None and staged else None
        yield KeyPart(_keys(path), staged or "", _reading(path, column))


def _reading(path: Path, column: Column | None) -> KeyReading:
    """Return how a part of a key is written; whatever it is, where a model written by hand does not say."""
    if column is not None:
        return _READINGS.get(column.type, "text")
    return "text" if path.page else "json"


def _keys(path: Path) -> tuple[str | int, ...]:
    return (f"@{path.page}",) if path.page else path.keys


def _parent_columns(kind: SourceKind, parent: Stream | None, child: Stream) -> tuple[str, str | None] | None:
    """Return the columns of the parent's model that say what the child is asked by, if declared."""
    asked = None if parent is None else child.parent_key or _asked_by(parent, child)
    if parent is None or asked is None or not parent.columns:
        return None
    plan = StagedStreamPlan(kind.name, parent)
    column = plan.key_column(asked)
    return None if column is None else (column, plan.key_column("@scope"))


def _asked_by(parent: Stream, child: Stream) -> str | None:
    """Return the field of a parent by which its own lists are asked for: its name, else its only key."""
    if not isinstance(child, HttpStream):
        return None
    if child.reading is Reading.PER_CURRENT_PARENT:
        return parent.named_by if isinstance(parent, HttpStream) else None
    own = [key for key in parent.keys if parse_path(key).page is None]
    return own[0] if child.reading is Reading.PER_PARENT and len(own) == 1 else None


STREAM_CONTRACTS: tuple[StreamContract, ...] = stream_contracts(SOURCE_KINDS.values())
