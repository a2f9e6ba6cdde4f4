"""Every fault, for every source, at every moment: nothing lost, nothing doubled, one message per cause."""

import re
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import timedelta
from functools import partial

import msgspec
import pyarrow.parquet as pq
import pytest

from connectors.errors import CredentialsRejectedError
from connectors.http.connections import Network
from connectors.streams import Mode
from tests.connectors.matrix.current import Current
from tests.connectors.matrix.faults import FAULTS, Ends, Fault
from tests.connectors.matrix.runs import (
    EARLIER,
    LATER,
    MOMENTS,
    Reading,
    Trouble,
    again,
    disturbed,
    prepare,
    reading,
    sound,
    sound_later,
)
from tests.connectors.matrix.sources import SOURCES, MatrixSource
from tests.connectors.matrix.vendor import A_WHILE, Answer
from tests.replay.loopback import Request, Response

NO_WINDOWS = "the API serves no windows of time"
UNMET = {
    (
        "circleci",
        "a_page_comes_again",
        "increment",
    ): "CircleCI gives twenty a page, more than the increment has",
    ("jira-projects", "a_page_comes_again", "backfill"): "a page holds what a project has in the window",
    ("datadog", "a_page_comes_again", "backfill"): "a window of a history is one page",
}
_WINDOWED = {
    "github",
    "github-graphql",
    "jira",
    "jira-projects",
    "gitlab",
    "pagerduty",
    "datadog",
    "prometheus",
}


def reason_to_skip(source: str, fault: str, moment: str) -> str | None:
    """Why a cell of the matrix cannot be; None for those that are run."""
    if moment == "backfill" and source not in _WINDOWED:
        return NO_WINDOWS
    if moment == "backfill" and source == "jira" and FAULTS[fault].ends is Ends.WITHOUT_ONE:
        return "what has windows is searched for the whole site, which is one scope"
    return UNMET.get((source, fault, moment)) or FAULTS[fault].skipped.get(source)


@pytest.fixture(autouse=True)
def elsewhere_in_the_world(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server is on this machine, but its clock is not ours."""
    monkeypatch.setattr("connectors.http.chains.OWN_HOSTS", frozenset())


def check(source: str, fault_name: str, moment: str) -> None:
    """One cell of the matrix."""
    fault = FAULTS[fault_name]
    begins_at = EARLIER if moment == "increment" else LATER
    with reading(SOURCES[source], at=begins_at) as read:
        read.server_time.client_is_ahead = fault.client_is_ahead
        read.move_to(begins_at)
        prepare(read, moment)
        with impatience() if fault_name == "slow_drip" else nullcontext():
            disturbed(read, moment, fault)
        check_messages(read, fault)
        if fault.goes_on:
            goes_on(read, moment)
            return
        expected = sound(source, moment).current
        if fault.ends is Ends.WITHOUT_ONE:
            assert_same(elsewhere(read.current(), read.spec), elsewhere(expected, read.spec))
        if fault.ends is not Ends.WELL:
            again(read, moment)
            assert read.failures == []
        assert_same(without_drift(read.current()), expected)
        assert doubled(read) == []


@contextmanager
def impatience() -> Iterator[None]:
    """Waits are free here, but a body that drips does so in real time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("connectors.http.source.Network", partial(Network, total_seconds=0.5))
        yield


def goes_on(read: Reading, moment: str) -> None:
    """A while later, without the fault, everything is there that the source has then.

    Records that embed others (a deployment its pipeline) may be as old as their own last update.
    """
    read.server_time.client_is_ahead = timedelta()
    read.move_to(LATER + A_WHILE)
    read.run()
    assert read.failures == []
    expected, grown = sound_later(read.spec.name, moment)
    held = read.current()
    for stream in read.source().streams:
        if stream.mode is Mode.REPLACE_SET:
            places = {record.place for record in expected[stream.name].values()}
            there = {key for key, record in held[stream.name].items() if record.place in places}
            assert there == expected[stream.name].keys(), stream.name
        for key, record in expected[stream.name].items():
            assert held[stream.name].get(key) in (record, grown[stream.name][key]), (stream.name, key)
    assert doubled(read) == []


def check_messages(read: Reading, fault: Fault) -> None:
    """Nothing to say where all went well; else the cause, once for each thing that could not be read."""
    told = [(each.stream, each.scope, each.parent_key) for each in read.failures]
    assert len(told) == len(set(told))
    if fault.ends is Ends.WELL:
        assert [str(each.error) for each in read.failures] == []
        return
    causes = {cause_of(each.error.message) for each in read.failures} - {None}
    assert len(causes) == 1, causes
    assert all(_without_figures(fault.says) in str(cause) for cause in causes)
    if fault.ends is Ends.REFUSED:
        refused = [each.error for each in read.failures if cause_of(each.error.message) is not None]
        assert all(isinstance(error, CredentialsRejectedError) for error in refused)
    if fault.ends is Ends.WITHOUT_ONE:
        assert all(is_of_bad_scope(each, read.spec) for each in read.failures)


def cause_of(message: str) -> str | None:
    """The cause without figures; None for what only says that a parent must be read first."""
    if re.search(r"The \w+ of \S+ were not read yet, and \w+ goes through them. Extract \w+ first", message):
        return None
    return _without_figures(message.rpartition("The last one said: ")[2])


def _without_figures(text: str) -> str:
    return re.sub(r"\d+", "0", text)


def is_of_bad_scope(trouble: Trouble, spec: MatrixSource) -> bool:
    """Whether a failure is about the one scope that was spoilt, and says so."""
    if spec.bad_streams:
        return trouble.stream in spec.bad_streams
    return spec.bad_scope in (trouble.scope, trouble.parent_key)


def elsewhere(held: Current, spec: MatrixSource) -> Current:
    """What is not in the one scope."""
    return {
        stream: {key: each for key, each in records.items() if spec.bad_scope not in each.place}
        for stream, records in held.items()
        if stream not in spec.bad_streams
    }


def without_drift(held: Current) -> Current:
    """Records without the field that a fault added."""
    return {
        stream: {key: replace(each, record=_plain(each.record)) for key, each in records.items()}
        for stream, records in held.items()
    }


def _plain(record: bytes) -> bytes:
    if b"brand_new" not in record:
        return record
    document = msgspec.json.decode(record)
    return msgspec.json.encode({name: value for name, value in document.items() if name != "brand_new"})


def assert_same(held: Current, expected: Current) -> None:
    """Every stream has the same records in the same versions."""
    for stream, records in expected.items():
        assert held[stream].keys() == records.keys(), stream
        for key, each in records.items():
            assert held[stream][key] == each, (stream, key)


def doubled(read: Reading) -> list[str]:
    """Windows that hold a page twice."""
    bodies = {
        row["log_index"]: (row["url"], row["body"])
        for file in read.store.committed_files()
        for row in pq.read_table(file.path, columns=["log_index", "url", "body"]).to_pylist()
    }
    windows = read.store.windows().to_pylist()
    return [row["window_id"] for row in windows if _repeats([bodies[at] for at in row["page_indexes"]])]


def _repeats(pages: list[tuple[str, bytes]]) -> bool:
    return len(pages) != len(set(pages))


CELLS = [
    (source, fault, moment)
    for source in SOURCES
    for fault in FAULTS
    for moment in MOMENTS
    if reason_to_skip(source, fault, moment) is None
]
QUICK = ("pagerduty", "prometheus")
"""Two sources that are cheap to read, with windows, scopes and pages between them."""


def is_covering(source: str, fault: str, moment: str) -> bool:
    """A fixed part of the matrix: each fault at each moment, each fault on three sources, each source."""
    if source in QUICK:
        return True
    turn = list(SOURCES).index(source) + list(FAULTS).index(fault)
    is_long = FAULTS[fault].goes_on and source in ("github", "github-graphql", "gitlab", "jira")
    return moment == "first run" and turn % 9 == 0 and not is_long


@pytest.mark.parametrize(("source", "fault", "moment"), [cell for cell in CELLS if is_covering(*cell)])
def test_nothing_is_lost_nothing_doubled(source: str, fault: str, moment: str) -> None:
    check(source, fault, moment)


@pytest.mark.slow
@pytest.mark.parametrize(("source", "fault", "moment"), [cell for cell in CELLS if not is_covering(*cell)])
def test_the_rest_of_the_matrix(source: str, fault: str, moment: str) -> None:
    check(source, fault, moment)


def test_few_cells_are_left_out_and_each_says_why() -> None:
    every = [(source, fault, moment) for source in SOURCES for fault in FAULTS for moment in MOMENTS]
    reasons = {cell: reason for cell in every if (reason := reason_to_skip(*cell)) is not None}
    without_windows = [cell for cell, reason in reasons.items() if reason == NO_WINDOWS]
    assert len(CELLS) + len(reasons) == len(every)
    assert {source for source, _, _ in without_windows} == SOURCES.keys() - _WINDOWED
    assert len(reasons) - len(without_windows) <= 25
    assert all(len(reason) > 20 for reason in reasons.values())
    assert {cell[0] for cell in CELLS if is_covering(*cell)} == SOURCES.keys()
    assert all(sum(is_covering(*cell) for cell in CELLS if cell[1] == fault) >= 3 for fault in FAULTS)


def test_a_fault_that_loses_records_would_be_noticed() -> None:
    """The matrix must be able to fail: an answer that leaves a record out for good is found."""
    expected = sound("scim", "first run").current
    with reading(SOURCES["scim"], at=LATER) as read:

        def forgetful(_request: Request, answer: Answer) -> Response:
            response = answer()
            document = msgspec.json.decode(response.body)
            document["Resources"] = document["Resources"][:-1]
            return replace(response, body=msgspec.json.encode(document))

        read.vendor.disturb = forgetful
        read.run()
        with pytest.raises(AssertionError):
            assert_same(read.current(), expected)


def test_a_message_that_hides_its_cause_would_be_noticed() -> None:
    with reading(SOURCES["scim"], at=LATER) as read:
        read.vendor.disturb = lambda _request, _answer: Response(b"{}", 403)
        read.run()
        with pytest.raises(AssertionError):
            check_messages(read, FAULTS["html_for_one_scope"])
        with pytest.raises(AssertionError):
            check_messages(read, FAULTS["5xx_burst"])
