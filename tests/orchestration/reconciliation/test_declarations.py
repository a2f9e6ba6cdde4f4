"""What streams declare about being asked again names columns that their staging models have."""

import pytest

from connectors.http.questions import Item, SourceTotal
from connectors.http.streams import HttpStream
from connectors.sources import SOURCE_KINDS
from connectors.streams import Mode
from orchestration.reconciliation.choosing import placeholders
from orchestration.stream_contracts import stream_contracts
from quality_checks.streams import STREAMS
from tests.parsed import compiled_manifest

DECLARED = [
    (kind.name, stream)
    for kind in SOURCE_KINDS.values()
    for stream in kind.streams
    if isinstance(stream, HttpStream)
]
ITEMS = [
    pytest.param(kind, each, each.item, id=f"{kind}.{each.name}") for kind, each in DECLARED if each.item
]
TOTALS = [
    pytest.param(kind, each, each.source_total, id=f"{kind}.{each.name}")
    for kind, each in DECLARED
    if each.source_total
]


def columns_of(model: str) -> set[str]:
    return set(compiled_manifest()["nodes"][f"model.assay.stg_{model}"]["columns"])


@pytest.mark.parametrize(("kind", "stream", "item"), ITEMS)
def test_an_item_names_columns_of_its_model(kind: str, stream: HttpStream, item: Item) -> None:
    named = {*placeholders(item), *item.unversioned, *item.incomparable}
    named |= {column for pair in item.final_with for column in pair}

    assert named <= columns_of(f"{kind}__{stream.name}")
    assert placeholders(item), "a path without a column asks for the same record whatever is drawn"
    assert stream.mode is not Mode.REPLACE_SET, "the models of sets read windows, which a sample has none of"


@pytest.mark.parametrize(("kind", "stream", "total"), TOTALS)
def test_a_total_names_columns_of_what_it_is_compared_with(
    kind: str, stream: HttpStream, total: SourceTotal
) -> None:
    named = {total.scope_column, total.created_column, *(column for column, _ in total.where)} - {None}
    named |= {total.updated_column} if total.since is not None else set()

    assert named <= columns_of(f"{kind}__{total.model or stream.name}")
    if total.listed_by is not None:
        other, column = total.listed_by
        assert column in columns_of(f"{kind}__{other}")


def test_contracts_that_are_stated_by_hand_say_the_same() -> None:
    derived = {(each.kind, each.stream): each for each in stream_contracts(SOURCE_KINDS.values())}

    for stated in STREAMS:
        told = derived[stated.kind, stated.stream]
        assert (stated.is_sampled, stated.is_counted) == (told.is_sampled, told.is_counted), stated.stream
