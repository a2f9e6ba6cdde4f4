"""Killed at every step: after recovery no page is lost, none is doubled, and everything verifies."""

import multiprocessing
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connectors.evidence import RecoveryReport
from tests.connectors.evidence import dying
from tests.connectors.evidence.samples import Place, page

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["pytest", "connectors.evidence", "lineage.ledger", "hypothesis"])
MOST_STEPS = 12


def run(target: Callable[..., None], *arguments: Any) -> int:
    """The exit code of a process that does the work."""
    process = PROCESSES.Process(target=target, args=arguments)
    process.start()
    process.join(60)
    assert process.exitcode is not None, "the process hangs"
    return process.exitcode


def prepared(folder: Path) -> Path:
    """Two batches in good order."""
    place = Place(folder)
    dying.fetch(place, dying.FIRST_BATCH)
    place.close()
    return folder


def bodies(place: Place) -> list[bytes]:
    """All bodies in log order, read through the committed files."""
    windows = place.store.windows()["page_indexes"].to_pylist()
    return [place.store.page(index).body for indexes in windows for index in indexes]


@pytest.mark.parametrize("operation", list(dying.OPERATIONS))
def test_killed_at_every_step_nothing_is_lost_and_nothing_doubled(tmp_path: Path, operation: str) -> None:
    steps = 0
    for step in range(1, MOST_STEPS):
        folder = prepared(tmp_path / f"step-{step}")
        exit_code = run(dying.die_at, folder, operation, step)
        assert exit_code in (0, dying.DIED)
        place = Place(folder)
        assert not [finding for finding in place.ledger.verify() if finding.is_fatal]
        assert not [finding for finding in place.store.verify() if finding.is_fatal], "before recovery"
        place.store.recover()
        assert place.problems() == [], "after recovery"
        assert place.store.recover() == RecoveryReport()

        dying.OPERATIONS[operation](place)
        place.reopen()
        assert place.problems() == []
        expected = [page(number).body for number in range(6 if operation == "commit" else 4)]
        if operation == "redact":
            expected[1] = expected[1].replace(b'"person-1-0"', b"null")
            assert place.store.redactions()[0].log_index == 1
        assert bodies(place) == expected
        assert sum(file.pages for file in place.store.committed_files()) == len(expected)
        assert len(place.files_on_disk()) == len(place.store.committed_files())
        place.close()
        if exit_code == 0:
            break
        steps += 1
    assert steps >= 6, "the steps are not reached"


@pytest.mark.parametrize("operation", list(dying.OPERATIONS))
def test_two_deaths_in_a_row_are_no_worse_than_one(tmp_path: Path, operation: str) -> None:
    """The second process dies without recovering first, so it meets the leftovers of the first."""
    folder = prepared(tmp_path)
    for step in (2, 4, 3, 5):
        run(dying.die_at, folder, operation, step)
    place = Place(folder)
    place.store.recover()
    dying.OPERATIONS[operation](place)
    place.reopen()
    assert place.problems() == []
    assert len(bodies(place)) == (6 if operation == "commit" else 4)
    assert len(place.files_on_disk()) == len(place.store.committed_files())
    place.close()


@pytest.mark.parametrize("operation", list(dying.OPERATIONS))
def test_recovery_itself_may_die_and_is_done_again(tmp_path: Path, operation: str) -> None:
    for step in (1, 2, 3):
        folder = prepared(tmp_path / str(step))
        assert run(dying.die_at, folder, operation, 4) == dying.DIED
        run(dying.die_at, folder, "recover", step)
        place = Place(folder)
        place.store.recover()
        assert place.problems() == []
        assert len(bodies(place)) == (6 if operation == "commit" else 4)
        assert len(place.files_on_disk()) == len(place.store.committed_files())
        place.close()


def test_a_death_inside_sqlite_is_rolled_back_by_whoever_opens_next(tmp_path: Path) -> None:
    folder = prepared(tmp_path)
    before = (folder / "ledger/ledger.sqlite").read_bytes()
    assert run(dying.die_inside_a_transaction, folder) == dying.DIED
    assert (folder / "ledger/ledger.sqlite-journal").stat().st_size > 0
    assert (folder / "ledger/ledger.sqlite").read_bytes() != before
    place = Place(folder)
    assert place.problems() == []
    assert place.ledger.size("payload") == 6
    assert (folder / "ledger/ledger.sqlite").read_bytes() == before
    place.close()


def test_a_reader_alone_also_survives_a_death_inside_sqlite(tmp_path: Path) -> None:
    folder = prepared(tmp_path)
    run(dying.die_inside_a_transaction, folder)
    place = Place(folder)
    assert place.store.page(0).body == page(0).body
    place.close()


def test_death_before_the_first_commit_leaves_a_place_to_start_in(tmp_path: Path) -> None:
    for step, left_behind in ((1, 0), (2, 1), (3, 1)):
        folder = tmp_path / f"step-{step}"
        assert run(dying.die_at, folder, "commit", step) == dying.DIED
        place = Place(folder)
        assert not [finding for finding in place.ledger.verify() if finding.is_fatal]
        assert len(place.store.recover().discarded) == left_behind
        dying.commit(place)
        place.reopen()
        assert place.problems() == []
        assert len(bodies(place)) == 6
        place.close()


def test_recovery_says_what_it_did(tmp_path: Path) -> None:
    first = "github/pull_requests/000000000006.parquet"
    for step, expected in (
        (3, RecoveryReport(discarded=(first,))),
        (4, RecoveryReport(finished=(first,))),
        (5, RecoveryReport()),
    ):
        folder = prepared(tmp_path / str(step))
        run(dying.die_at, folder, "commit", step)
        place = Place(folder)
        assert place.store.recover() == expected
        place.close()


@pytest.mark.slow
def test_killed_at_random_moments_the_evidence_is_that_of_an_undisturbed_run(tmp_path: Path) -> None:
    generator = random.Random(11)
    for _ in range(20):
        process = PROCESSES.Process(target=dying.work_until_killed, args=(tmp_path,))
        process.start()
        process.join(generator.uniform(0.3, 1.5))
        process.kill()
        process.join(60)
        place = Place(tmp_path)
        assert not [finding for finding in place.ledger.verify() if finding.is_fatal]
        place.store.recover()
        assert place.problems() == []
        place.close()
    place = Place(tmp_path)
    cursor = place.store.cursor("github", "pull_requests", "acme/shop")
    assert cursor is not None
    assert cursor["batches"] > 20
    assert bodies(place) == [page(number).body for number in range(2 * cursor["batches"])]
    assert sum(file.pages for file in place.store.committed_files()) == 2 * cursor["batches"]
    place.close()


def test_several_processes_commit_at_once(tmp_path: Path) -> None:
    names = ["reviews", "issues", "timeline"]
    processes = [PROCESSES.Process(target=dying.fetch_own_stream, args=(tmp_path, name, 8)) for name in names]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    place = Place(tmp_path)
    assert place.problems() == []
    assert place.ledger.size("payload") == 48
    assert {total.stream: total.pages for total in place.store.totals()} == dict.fromkeys(names, 8)
    for file in place.store.committed_files():
        body = place.store.page(file.first_log_index).body.decode()
        assert body.startswith(f'["{file.stream} ')
    place.close()


def test_recovery_leaves_a_file_alone_that_another_process_is_about_to_commit(tmp_path: Path) -> None:
    """Recovery waits for the ledger, so it never sees a pending file whose transaction is still open."""
    folder = prepared(tmp_path)
    committing = PROCESSES.Process(target=dying.fetch_own_stream, args=(folder, "issues", 10))
    committing.start()
    place = Place(folder)
    while committing.is_alive():
        assert place.store.recover().discarded == ()
    committing.join(60)
    assert committing.exitcode == 0
    place.store.recover()
    assert place.problems() == []
    place.close()
