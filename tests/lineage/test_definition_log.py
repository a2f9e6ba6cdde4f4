"""Definitions in force: kept by content, recorded as leaves, and damage found."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from governance.log import GOVERNANCE_LOG
from lineage.definition_log import definition_leaves, in_force, read_history
from lineage.definition_store import DefinitionStore
from lineage.definitions import MetricDefinition, define_metrics
from lineage.errors import DefinitionError
from lineage.ledger import Ledger, NoteSigner
from tests.lineage.test_definitions import MANIFEST, ROW

AT = datetime(2026, 5, 1, 3, tzinfo=UTC)
DAY = timedelta(days=1)
SIGNER = NoteSigner("acme.example/assay", bytes(range(32)))


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(tmp_path / "ledger.sqlite", origin="assay/acme") as opened:
        yield opened


@pytest.fixture
def store(tmp_path: Path) -> DefinitionStore:
    return DefinitionStore(tmp_path / "definitions")


def defined(**row: Any) -> dict[str, MetricDefinition]:
    return define_metrics(MANIFEST, [{**ROW, **row}], parameters={})


def publish(
    ledger: Ledger, store: DefinitionStore, definitions: dict[str, MetricDefinition], *, at: datetime
) -> int:
    documents = {name: store.write(one) for name, one in definitions.items()}
    known = read_history(ledger.every_leaf(GOVERNANCE_LOG))
    leaves = definition_leaves(definitions, known, publication_id=f"p-{at:%d}", at=at, documents=documents)
    with ledger.transaction() as transaction:
        transaction.append("governance", b'{"kind":"something_else"}')
        for leaf in leaves:
            transaction.append("governance", leaf)
    ledger.checkpoint("governance", SIGNER, at=at)
    return len(leaves)


def hash_on(ledger: Ledger, before: datetime) -> str | None:
    found = in_force(read_history(ledger.every_leaf(GOVERNANCE_LOG)), before=before).get(
        "deployment_frequency"
    )
    return found.sha256 if found else None


def test_a_definition_is_recorded_when_it_differs_from_the_one_in_force(
    ledger: Ledger, store: DefinitionStore
) -> None:
    first, second = defined(), defined(minimum_n=9)
    assert publish(ledger, store, first, at=AT) == 1
    assert publish(ledger, store, first, at=AT + DAY) == 0
    assert publish(ledger, store, second, at=AT + 2 * DAY) == 1
    assert publish(ledger, store, {}, at=AT + 3 * DAY) == 1
    assert publish(ledger, store, {}, at=AT + 4 * DAY) == 0
    assert hash_on(ledger, AT) is None
    assert hash_on(ledger, AT + DAY) == first["deployment_frequency"].sha256
    assert hash_on(ledger, AT + 3 * DAY) == second["deployment_frequency"].sha256
    assert hash_on(ledger, AT + 4 * DAY) is None  # retired


def test_a_clock_that_was_set_back_dates_no_definition_back(ledger: Ledger, store: DefinitionStore) -> None:
    publish(ledger, store, defined(), at=AT)
    publish(ledger, store, defined(minimum_n=9), at=AT - 30 * DAY)
    one, other = read_history(ledger.every_leaf(GOVERNANCE_LOG))["deployment_frequency"]
    assert other.from_at == one.from_at == AT
    assert hash_on(ledger, AT) is None


def test_other_words_are_recorded_under_the_same_definition_hash(
    ledger: Ledger, store: DefinitionStore
) -> None:
    publish(ledger, store, defined(), at=AT)
    assert publish(ledger, store, defined(sentence="How often."), at=AT + DAY) == 1
    one, other = read_history(ledger.every_leaf(GOVERNANCE_LOG))["deployment_frequency"]
    assert one.sha256 == other.sha256
    assert one.document_sha256 != other.document_sha256


def test_what_is_kept_reads_back_with_its_words_and_every_part(store: DefinitionStore) -> None:
    definition = defined()["deployment_frequency"]
    found = store.read(store.write(definition))
    assert (found.metric, found.sha256) == ("deployment_frequency", definition.sha256)
    assert found.words["dora_2026 1"]["sentence"] == "How many."
    assert {digest: store.part(digest) for digest in definition.texts} == definition.texts
    assert not list(store.folder.rglob("*.partly"))


def recorded(ledger: Ledger, store: DefinitionStore) -> list[tuple[str, str]]:
    publish(ledger, store, defined(), at=AT)
    entry = read_history(ledger.every_leaf(GOVERNANCE_LOG))["deployment_frequency"][0]
    assert entry.sha256
    assert entry.document_sha256
    return [(entry.sha256, entry.document_sha256)]


def test_an_untouched_store_has_no_problems(ledger: Ledger, store: DefinitionStore) -> None:
    assert list(store.problems(recorded(ledger, store))) == []


@pytest.mark.parametrize("pattern", ["*.json", "parts/*.txt"])
@pytest.mark.parametrize("is_deleted", [True, False])
def test_an_altered_or_missing_file_is_named(
    ledger: Ledger, store: DefinitionStore, *, pattern: str, is_deleted: bool
) -> None:
    expected = recorded(ledger, store)
    path = next(iter(sorted(store.folder.glob(pattern))))
    if is_deleted:
        path.unlink()
    else:
        path.write_bytes(path.read_bytes().replace(b"e", b"f", 1))
    found = list(store.problems(expected))
    assert [(name.endswith(path.name), is_fatal) for name, _, is_fatal in found] == [(True, True)]


def test_a_definition_that_hashes_otherwise_than_recorded_is_named(
    ledger: Ledger, store: DefinitionStore
) -> None:
    ((_, document),) = recorded(ledger, store)
    problems = list(store.problems([("0" * 64, document)]))
    assert len(problems) == 1
    assert "not to 0000" in problems[0][1]


def test_a_file_that_a_crash_left_is_a_note(ledger: Ledger, store: DefinitionStore) -> None:
    expected = recorded(ledger, store)
    store.write(defined(minimum_n=99)["deployment_frequency"])
    assert [is_fatal for _, _, is_fatal in store.problems(expected)] == [False]


def test_writing_over_an_altered_file_is_refused(store: DefinitionStore) -> None:
    definition = defined()["deployment_frequency"]
    path = store.folder / f"{store.write(definition)}.json"
    path.write_bytes(b"{}")
    with pytest.raises(DefinitionError, match="assay verify"):
        store.write(definition)


def test_a_leaf_of_another_form_is_named() -> None:
    with pytest.raises(DefinitionError, match="leaf 7"):
        read_history([(7, b'{"kind":"definition_in_force","v":2}')])
