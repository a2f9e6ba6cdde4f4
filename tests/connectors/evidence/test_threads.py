"""One store, many threads: committing, reading and verifying at the same time."""

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from connectors.evidence import Batch, CursorUpdate, PageRef, RecoveryReport, recovery, verification
from connectors.evidence.landing import Landing
from connectors.evidence.parquet_file import WrittenFile, sha256_of_file
from tests.connectors.evidence.samples import Place, page, redact, window


def run_all(tasks: list[Callable[[], object]]) -> list[BaseException]:
    """Run tasks at once; what they raised."""
    errors: list[BaseException] = []

    def guarded(task: Callable[[], object]) -> None:
        try:
            task()
        except BaseException as error:  # noqa: BLE001 - whatever a thread meets is the test's result
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(task,), daemon=True) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads), "threads wait for each other"
    return errors


def test_threads_commit_read_and_verify_at_once(place: Place) -> None:
    def commit(stream: str) -> None:
        for number in range(8):
            body = f'["{stream} {number}"]'.encode()
            result = place.store.commit(
                Batch(
                    pages=[page(number, stream=stream, body=body, record_count=1)],
                    closed_windows=[window(number, stream=stream, pages=(PageRef(0),))],
                    cursors=[CursorUpdate("github", stream, "acme/shop", {"at": number})],
                )
            )
            assert place.store.page(result.page_indexes[0]).body == body
            assert place.store.cursor("github", stream, "acme/shop") == {"at": number}

    def read() -> None:
        for _ in range(10):
            size = place.ledger.size("payload")
            files = place.store.committed_files(log_size=size)
            assert sum(file.pages for file in files) * 2 <= place.ledger.size("payload")
            place.store.windows(log_size=size)

    def verify() -> None:
        for _ in range(3):
            assert not [finding for finding in place.store.verify() if finding.is_fatal]
            assert not [finding for finding in place.ledger.verify() if finding.is_fatal]

    streams = ["issues", "reviews", "commits"]
    assert run_all([*(partial(commit, stream) for stream in streams), read, verify]) == []
    assert place.ledger.size("payload") == 48
    assert place.problems() == []


def test_a_file_that_moves_into_its_place_while_it_is_checked_is_no_finding(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.store.commit(Batch(pages=[page(0)]))
    (file,) = place.evidence.rglob("*.parquet")
    waiting = file.rename(f"{file}.pending")

    def hashed(path: Path) -> WrittenFile:
        written = sha256_of_file(path)
        if waiting.exists():
            waiting.rename(file)
        return written

    monkeypatch.setattr(verification, "sha256_of_file", hashed)
    assert [finding for finding in place.store.verify() if finding.is_fatal] == []
    assert file.exists()


def test_a_page_is_read_from_a_file_that_just_moves_into_its_place(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.store.commit(Batch(pages=[page(0)]))
    (file,) = place.evidence.rglob("*.parquet")
    waiting = file.rename(f"{file}.pending")
    present_path = Landing.present_path

    def looked(landing: Landing, name: str) -> Path:
        found = present_path(landing, name)
        waiting.rename(file)
        return found

    monkeypatch.setattr(Landing, "present_path", looked)
    assert place.store.page(0).body == page(0).body
    assert file.exists()


def test_pages_are_read_while_files_are_compacted_and_redacted(place: Place) -> None:
    for number in range(8):
        place.store.commit(Batch(pages=[page(number)]))

    def read() -> None:
        for _ in range(20):
            for number in range(1, 8):
                assert place.store.page(number).body == page(number).body

    def rewrite() -> None:
        place.store.compact("github", "pull_requests", least_files=2)
        redact(place.store, 0, "$[0].user.login")
        redact(place.store, 0, "$[1].user.login")

    assert run_all([read, read, rewrite]) == []
    assert place.problems() == []


def test_a_file_may_be_moved_into_place_by_a_recovery_that_was_quicker(place: Place) -> None:
    other = Place(place.folder)
    recovered = []

    def on_step(name: str) -> None:
        if name == "committed":
            recovered.append(other.store.recover())

    hasty = Place(place.folder, on_step)
    hasty.store.commit(Batch(pages=[page(0)]))
    assert recovered == [RecoveryReport(finished=("github/pull_requests/000000000000.parquet",))]
    assert hasty.store.page(0).body == page(0).body
    assert hasty.problems() == []


def test_a_recovery_may_meet_a_file_that_is_moved_while_it_looks(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name was listed as pending; by the time it is read, the process that committed it has moved it."""
    place.store.commit(Batch(pages=[page(0)]))
    names = place.files_on_disk()
    monkeypatch.setattr(recovery, "pending_names", lambda _landing: names)
    assert place.store.recover() == RecoveryReport()
    assert place.store.page(0).body == page(0).body


def test_compaction_and_redaction_at_once_end_with_the_redacted_page(place: Place) -> None:
    for number in range(8):
        place.store.commit(Batch(pages=[page(number)]))
    errors = run_all(
        [
            partial(place.store.compact, "github", "pull_requests", least_files=2),
            partial(redact, place.store, 3, "$[0].user.login"),
        ]
    )
    assert errors == []
    assert b"person-3-0" not in place.store.page(3).body
    assert b"person-3-0" not in b"".join(path.read_bytes() for path in place.evidence.rglob("*.parquet"))
    assert place.problems() == []
