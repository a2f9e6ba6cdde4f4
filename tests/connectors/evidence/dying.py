"""Work that a process does until it is killed at a given step."""

import os
from collections.abc import Callable
from pathlib import Path

from connectors.evidence import Batch, CursorUpdate, PageRef
from tests.connectors.evidence.samples import Place, page, redact, window

DIED = 9
FIRST_BATCH = 2


def batch(number: int) -> Batch:
    """Two pages, their window, and the cursor that says so."""
    pages = [page(2 * number), page(2 * number + 1)]
    state = {"batches": number + 1, "pages": [PageRef(0), PageRef(1)]}
    return Batch(
        pages=pages,
        closed_windows=[window(number, pages=(PageRef(0), PageRef(1)))],
        cursors=[CursorUpdate("github", "pull_requests", "acme/shop", state)],
    )


def fetch(place: Place, batches: int) -> None:
    """Continue where the cursor says, as an engine does."""
    cursor = place.store.cursor("github", "pull_requests", "acme/shop") or {"batches": 0}
    for number in range(cursor["batches"], batches):
        place.store.commit(batch(number))


def commit(place: Place) -> None:
    """The next batch."""
    fetch(place, FIRST_BATCH + 1)


def redact_page(place: Place) -> None:
    """Blank a value of page 1, unless that has been done."""
    if not place.store.redactions():
        redact(place.store, 1, "$[0].user.login")


def compact(place: Place) -> None:
    """Merge the stream's files."""
    place.store.compact("github", "pull_requests", least_files=2)


def recover(place: Place) -> None:
    """Mend what the process before left."""
    place.store.recover()


OPERATIONS: dict[str, Callable[[Place], None]] = {"commit": commit, "redact": redact_page, "compact": compact}


def die_at(folder: Path, operation: str, step: int) -> None:
    """Do the operation and leave without a word at its nth step; ends with 0 where there are fewer steps."""
    steps = 0

    def on_step(_name: str) -> None:
        nonlocal steps
        steps += 1
        if steps == step:
            os._exit(DIED)

    {**OPERATIONS, "recover": recover}[operation](Place(folder, on_step))
    os._exit(0)


def die_inside_a_transaction(folder: Path) -> None:
    """Leave while SQLite has written half of a transaction into the file: its journal stays behind."""
    place = Place(folder)
    place.ledger._write_connection().execute(
        "PRAGMA cache_spill = 2"
    )  # SQLite heeds it outside transactions only
    with place.ledger.transaction() as transaction:
        transaction.connection.execute("PRAGMA cache_size = 2")
        transaction.connection.executemany(
            "INSERT INTO obsolete_files VALUES (?)", [(f"{at:0900}",) for at in range(90)]
        )
        transaction.append_many("payload", [b"never committed"] * 400)
        transaction.write()
        os._exit(DIED)


def work_until_killed(folder: Path) -> None:
    """Recover, then fetch batch after batch with a compaction now and then."""
    place = Place(folder)
    place.store.recover()
    while True:
        done = (place.store.cursor("github", "pull_requests", "acme/shop") or {"batches": 0})["batches"]
        fetch(place, done + 1)
        if done % 5 == 4:
            compact(place)


def fetch_own_stream(folder: Path, name: str, batches: int) -> None:
    """Commit batches of a stream of one's own, while others do the same."""
    place = Place(folder)
    for number in range(batches):
        pages = [page(number, stream=name, body=f'["{name} {number}"]'.encode(), record_count=1)]
        closed = [window(number, stream=name, pages=(PageRef(0),))]
        place.store.commit(Batch(pages=pages, closed_windows=closed))
    place.close()
