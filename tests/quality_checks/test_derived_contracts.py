"""Kinds whose contracts are derived from their declarations: what landed and what was built really agree.

The pages of a made-up kind land in a real evidence store and its generated models are built by dbt; each
comparison is green on them, and red on the fault that it exists for.
"""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.stream_contracts import STREAM_CONTRACTS, contracts_of, stream_contracts
from quality_checks import ExpectedPlace, run_reconciliation
from quality_checks.checks import comparisons
from quality_checks.comparisons import compare
from quality_checks.landed_records import count_landed_records
from quality_checks.record_keys import key_reader
from quality_checks.stated_values import STATED_VALUES
from quality_checks.streams import STREAMS, KeyPart, StreamContract
from tests.dbt_project.made_up_kind import made_up_book, made_up_kind, made_up_warehouse
from tests.quality_checks.faults import EVIDENCE_FAULTS, Fault

CONTRACTS = stream_contracts([made_up_kind()])
BY_STREAM = {contract.stream: contract for contract in CONTRACTS}
LAYERS = ("extraction", "landing", "staging")
OF_MODELS = "marts."
"""What checks look at that this warehouse has not: it ends with staging."""
CHECKS = [
    each
    for each in comparisons(CONTRACTS)
    if each.layer in LAYERS and not any(subject.startswith(OF_MODELS) for subject in each.subjects)
]
PLACES = [ExpectedPlace("tracker", "tracker", each.stream, "acme") for each in CONTRACTS]
STREAM_OF = {name: contract for contract in CONTRACTS for name in (contract.raw, contract.staging)}
READ_AGAIN_FAULTS = (
    Fault(
        "staged_values_are_those_of_their_records",
        "a second parser reads another value",
        "insert into quality.staged_values values ('{subject}', 8388608, 3, ['number'])",
    ),
    Fault(
        "newest_versions_are_staged",
        "a newer version has landed",
        "insert into quality.superseded_rows values ('{subject}', 8388608, 16777216)",
    ),
)
FAULTS = (*EVIDENCE_FAULTS, *READ_AGAIN_FAULTS)
"""How the rows of the last two come about has a test of its own."""


def land_everything(book: Any) -> None:
    """Every stream in two places, most of them in more than one page, and a set that was replaced."""

    def land(stream: str, scope: str, *bodies: Any, parent: str | None = None) -> None:
        book.land(stream, scope, *bodies, parent=parent, source="tracker")

    land("seats", "acme", {"seats": [seat("z")]}, parent="1")
    land("sites", "acme", {"version": "0"})
    for at, scope in enumerate(["acme", "acme/search"]):
        land("tickets", scope, *[{"data": {"tickets": [ticket(10 * at + each)]}} for each in (1, 2)])
        readings = [reading("a", 10), reading("a", "10.5"), reading("b", 10.25)]
        land("readings", scope, {"readings": readings}, {"readings": None}, {"readings": reading("c", 1)})
        land("sites", scope, {"version": "1"})
        land("members", scope, [{"id": f"m{at}"}, {"id": "both"}])
        land("oddities", scope, [{"key": f"k{at}"}], {"key": f"l{at}"})
        for number in (1, 2):
            parent = str(10 * at + number)
            land("entries", scope, [{"number": 1.0}, {"number": "2"}], parent=parent)
            land("seats", scope, {"seats": [seat("x"), seat("y")]}, {"seats": [seat("x")]}, parent=parent)


def ticket(number: int) -> dict[str, Any]:
    return {"id": number, "fields": {"status": {"category": {"key": "done"}}}}


def reading(gauge: str, instant: float | str) -> dict[str, Any]:
    return {"gauge": {"name": gauge}, "at": instant, "value": 1}


def seat(holder: str) -> dict[str, Any]:
    return {"user": {"id": holder}}


@pytest.fixture(scope="module")
def sound_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse in which every check passes, with tables in place of its views."""
    root = tmp_path_factory.mktemp("derived")
    book = made_up_book(root)
    land_everything(book)
    warehouse = made_up_warehouse(root)
    warehouse.build(book.evidence(), select=["assay.staging.tracker", "stg_unparsed_pages"])
    with warehouse.connection() as con:
        for name in [contract.raw for contract in CONTRACTS] + ["raw.evidence_pages", "raw.fetch_windows"]:
            con.execute(
                f"create table kept as from {name}; drop view {name}; create table {name} as from kept"
            )
            con.execute("drop table kept")
    book.ledger.close()
    return warehouse.file


@pytest.fixture
def warehouse(sound_file: Path, tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A copy of the sound warehouse to spoil."""
    path = tmp_path / "assay.duckdb"
    shutil.copyfile(sound_file, path)
    with duckdb.connect(str(path)) as con:
        con.execute("set timezone = 'UTC'")
        run_reconciliation(con, streams=CONTRACTS, layers=["extraction"], expected=PLACES)
        yield con


def subjects_of(fault: Fault) -> list[str]:
    return [
        subject
        for comparison in CHECKS
        if comparison.name == fault.check
        for subject in comparison.subjects
        if subject in (fault.subjects or (subject,))
    ]


def test_sound_data_is_green_in_every_check(warehouse: duckdb.DuckDBPyConnection) -> None:
    results = [
        result
        for result in run_reconciliation(warehouse, streams=CONTRACTS, layers=LAYERS, expected=PLACES)
        if not result.subject.startswith(OF_MODELS)
    ]
    assert [result for result in results if not result.is_passed] == []
    assert {(result.name, result.subject) for result in results} == {
        (comparison.name, subject) for comparison in CHECKS for subject in comparison.subjects
    }
    assert warehouse.execute("select count(*) from quality.landed_records").fetchone() == (44,)


def test_every_comparison_has_a_planted_fault_on_every_subject() -> None:
    planted = {(fault.check, subject) for fault in FAULTS for subject in subjects_of(fault)}
    assert {(each.name, subject) for each in CHECKS for subject in each.subjects} == planted


@pytest.mark.parametrize("fault", [pytest.param(f, id=f"{f.check}: {f.says}") for f in FAULTS])
def test_a_planted_fault_turns_its_check_red(warehouse: duckdb.DuckDBPyConnection, fault: Fault) -> None:
    subjects = subjects_of(fault)
    for subject in subjects:
        contract = STREAM_OF[subject]
        warehouse.execute(fault.sql.format(subject=subject, kind=contract.kind, stream=contract.stream))
    count_landed_records(warehouse, CONTRACTS)
    found = {
        result.subject: result.is_passed
        for comparison in CHECKS
        if comparison.name == fault.check
        for result in compare(warehouse, comparison, scope="all")
    }
    assert [subject for subject in subjects if found[subject]] == []


def test_nobodys_account_is_kept_as_a_hash(warehouse: duckdb.DuckDBPyConnection) -> None:
    keys = "select hash(concat_ws(chr(31), 'tracker', name)) from (values ('both'), ('m0'), ('x')) as t(name)"
    found = warehouse.execute(f"select count(*) from quality.landed_records where key in ({keys})").fetchone()
    assert found == (0,)


@pytest.mark.parametrize(
    ("stream", "body", "keys"),
    [
        ("tickets", b'{"data": {"tickets": [{"id": "7"}, {"id": 8.0}]}}', ["7", "8"]),
        ("tickets", b'{"data": {"tickets": {"id": 7}}}', ["7"]),
        ("tickets", b'{"data": {"tickets": null}}', []),
        ("readings", b'{"readings": [{"gauge": {"name": "a"}, "at": "1.5"}]}', ["a\x1f1500000"]),
        ("sites", b'{"version": 1}', [""]),
    ],
)
def test_keys_of_several_parts_are_read(stream: str, body: bytes, keys: list[str]) -> None:
    assert key_reader(BY_STREAM[stream])(body) == keys


@pytest.mark.parametrize(
    ("stream", "body"),
    [
        ("tickets", b'{"data": {}}'),
        ("tickets", b'{"data": {"tickets": [{"id": 7.5}]}}'),
        ("tickets", b'{"data": {"tickets": [{"id": {"at": 7}}]}}'),
        ("tickets", b'{"data": {"tickets": [{"id": null}]}}'),
        ("readings", b'{"readings": [{"gauge": {}, "at": 1}]}'),
        ("readings", b'{"readings": [{"gauge": {"name": "a"}, "at": "soon"}]}'),
        ("sites", b"[1]"),
    ],
)
def test_a_body_that_is_not_as_declared_is_refused(stream: str, body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        key_reader(BY_STREAM[stream])(body)


def test_a_key_may_stand_in_a_list_or_be_json() -> None:
    parts = (KeyPart(("metric",), "metric", "json"), KeyPart(("value", 0), "read_at", "epoch_seconds"))
    contract = StreamContract("tracker", "samples", "append", parts)
    body = b'[{"metric": {"job": "a",  "up": 1}, "value": [1.5, "NaN"]}]'
    assert key_reader(contract)(body) == ['{"job":"a","up":1}\x1f1500000']


@pytest.mark.parametrize(
    ("name", "body", "keys"),
    [
        ("prometheus.range_samples", b'{"data": {"result": [{"metric": {"job": "a"}}]}}', ['{"job":"a"}']),
        (
            "prometheus.targets",
            b'{"data": {"activeTargets": [{"scrapePool": "p", "scrapeUrl": "u", "labels": {"job": "a"}}]}}',
            ['p\x1fu\x1f{"job":"a"}'],
        ),
        ("jenkins.jobs", b'{"jobs": [{"fullName": "acme", "jobs": []}]}', [""]),
    ],
)
def test_keys_of_real_kinds_may_be_objects_or_the_page_alone(name: str, body: bytes, keys: list[str]) -> None:
    """The second parser refused these pages, and kept the publication back."""
    contracts = {f"{each.kind}.{each.stream}": each for each in STREAM_CONTRACTS}
    assert key_reader(contracts[name])(body) == keys


def test_what_is_stated_by_hand_wins_and_others_have_no_part_in_it() -> None:
    found = {(each.kind, each.stream): each for each in contracts_of({"github", "git"})}
    stated = {(each.kind, each.stream): each for each in STREAMS}
    assert {name: replace(each, values=()) for name, each in found.items()} == stated
    assert {name: each.values for name, each in found.items() if name in STATED_VALUES} == {
        name: values for name, values in STATED_VALUES.items() if name[0] in ("github", "git")
    }
    assert {each.kind for each in contracts_of({"git"})} == {"git"}


def test_children_are_compared_by_the_columns_that_their_parents_have() -> None:
    assert BY_STREAM["seats"].parent_columns == ("ticket_id", "project_key")
    circleci = {each.stream: each for each in contracts_of({"circleci"})}
    assert circleci["jobs"].parent_columns == ("workflow_id", "project_slug")
    assert circleci["projects"].parent_columns is None
