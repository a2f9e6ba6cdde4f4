import asyncio
import random
from collections.abc import AsyncGenerator
from functools import partial
from pathlib import Path
from time import sleep

import pytest

from connectors.committer import BatchLimits, Committer
from connectors.errors import CredentialsRejectedError, PermanentSourceError, TransientSourceError
from connectors.events import Event, PageArrived, WindowClosed, WindowOpened
from connectors.evidence import Batch, CommitResult, EvidenceStore
from connectors.http.lanes import Lanes, Unit
from connectors.reports import Tally
from tests.connectors.workspace import FakeTime, landed, open_store, windows

TIME = FakeTime()


def page(scope: str, at: int, size: int = 10) -> PageArrived:
    return PageArrived(
        url=f"https://h/{scope}?page={at}",
        status=200,
        headers={},
        fetched_at=TIME.now,
        body=b"%d" % at * size,
        body_sha256="",
        record_count=1,
        next_place=f"https://h/{scope}?page={at + 1}",
    )


async def chain(
    scope: str,
    pages: int,
    *,
    pause: float = 0.0,
    size: int = 10,
    error: Exception | None = None,
    running: list[str] | None = None,
) -> AsyncGenerator[Event, None]:
    if running is not None:
        running.append(scope)
    yield WindowOpened(scope=scope, started_at=TIME.now)
    for at in range(pages):
        await asyncio.sleep(pause)
        yield page(scope, at, size)
    if error is not None:
        raise error
    yield WindowClosed(cursor={"watermark": pages})


def committer_for(store: EvidenceStore, limits: BatchLimits | None = None) -> Committer:
    return Committer(
        store=store,
        source="github",
        stream="tags",
        run_id="r1",
        clock=TIME.clock,
        monotonic=TIME.monotonic,
        tally=Tally(),
        limits=limits or BatchLimits(),
    )


def run(committer: Committer, units: list[Unit], *, concurrency: int = 8) -> None:
    asyncio.run(Lanes(committer, concurrency=concurrency, on_progress=lambda: None).run(units))


def test_chains_run_side_by_side_and_are_committed_in_their_order(tmp_path: Path) -> None:
    generator = random.Random(3)
    scopes = [f"acme/{number:02d}" for number in range(40)]
    with open_store(tmp_path) as store:
        units = [Unit(scope, partial(chain, scope, 3, pause=generator.random() / 200)) for scope in scopes]
        run(committer_for(store, BatchLimits(pages=7)), units)
        rows = landed(store, "tags")
        assert [(row["scope"], row["sequence"]) for row in rows] == [
            (scope, at) for scope in scopes for at in range(3)
        ]
        assert [window["scope"] for window in windows(store, "tags")] == scopes
        assert all(len(window["page_indexes"]) == 3 for window in windows(store, "tags"))


def test_no_more_chains_run_at_once_than_allowed(tmp_path: Path) -> None:
    at_once, most = 0, 0

    async def counted(scope: str) -> AsyncGenerator[Event, None]:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        async for event in chain(scope, 2, pause=0.001):
            yield event
        at_once -= 1

    with open_store(tmp_path) as store:
        units = [Unit(str(number), partial(counted, str(number))) for number in range(30)]
        run(committer_for(store), units, concurrency=4)
    assert most == 4


def test_chains_ahead_of_a_slow_first_one_do_not_fill_the_memory(tmp_path: Path) -> None:
    started: list[str] = []
    large = 1_000_000
    with open_store(tmp_path) as store:
        slow = Unit("slow", partial(chain, "slow", 5, pause=0.05))
        fast = [
            Unit(str(number), partial(chain, str(number), 1, size=large, running=started))
            for number in range(60)
        ]
        lanes = Lanes(committer_for(store), concurrency=4, on_progress=lambda: None)

        async def watch() -> int:
            task = asyncio.create_task(lanes.run([slow, *fast]))
            await asyncio.sleep(0.15)
            count = len(started)
            await task
            return count

        assert asyncio.run(watch()) <= 8 + 4
        assert len(landed(store, "tags")) == 65


def test_one_bad_scope_does_not_stop_the_rest(tmp_path: Path) -> None:
    error = PermanentSourceError("gone", status=404)
    with open_store(tmp_path) as store:
        committer = committer_for(store)
        run(
            committer,
            [
                Unit("a", partial(chain, "a", 1)),
                Unit("b", partial(chain, "b", 2, error=error)),
                Unit("c", partial(chain, "c", 1)),
            ],
        )
        assert [(each.scope, each.error) for each in committer.tally.failures] == [("b", error)]
        assert [row["scope"] for row in landed(store, "tags")] == ["a", "b", "b", "c"]
        assert [window["scope"] for window in windows(store, "tags")] == ["a", "c"]
        cursor = store.cursor("github", "tags", "b")
        assert cursor is not None
        assert cursor["open"]["next_place"] == "https://h/b?page=2"
        assert cursor["open"]["pages"] == [row["log_index"] for row in landed(store, "tags")][1:3]


def test_a_rejected_token_stops_everything_and_keeps_what_came_before(tmp_path: Path) -> None:
    error = CredentialsRejectedError("renew it")
    with open_store(tmp_path) as store:
        units = [Unit("a", partial(chain, "a", 2)), Unit("b", partial(chain, "b", 0, error=error))]
        with pytest.raises(CredentialsRejectedError):
            run(committer_for(store), [*units, Unit("c", partial(chain, "c", 1, pause=5))])
        assert [row["scope"] for row in landed(store, "tags")] == ["a", "a"]


def test_a_source_that_is_down_is_not_tried_for_every_scope(tmp_path: Path) -> None:
    started: list[str] = []
    error = TransientSourceError("no answer")
    with open_store(tmp_path) as store:
        units = [
            Unit(str(number), partial(chain, str(number), 0, error=error, running=started))
            for number in range(100)
        ]
        with pytest.raises(TransientSourceError, match="in a row"):
            run(committer_for(store), units, concurrency=2)
    assert len(started) < 10


def test_a_single_scope_that_fails_for_now_fails_the_stream_for_now(tmp_path: Path) -> None:
    error = TransientSourceError("no answer")
    with open_store(tmp_path) as store:
        with pytest.raises(TransientSourceError, match="no answer"):
            run(committer_for(store), [Unit("a", partial(chain, "a", 1, error=error))])
        assert len(landed(store, "tags")) == 1


def test_a_failure_for_now_among_successes_is_reported(tmp_path: Path) -> None:
    error = TransientSourceError("no answer")
    with open_store(tmp_path) as store:
        committer = committer_for(store)
        run(committer, [Unit("a", partial(chain, "a", 1, error=error)), Unit("b", partial(chain, "b", 1))])
        assert [failure.is_transient for failure in committer.tally.failures] == [True]


def test_a_defect_is_not_taken_for_a_bad_scope(tmp_path: Path) -> None:
    with open_store(tmp_path) as store, pytest.raises(ZeroDivisionError):
        run(committer_for(store), [Unit("a", partial(chain, "a", 1, error=ZeroDivisionError()))])


def test_nothing_to_do_is_done_at_once(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        run(committer_for(store), [])
        assert store.committed_files() == []


def test_a_batch_that_cannot_be_written_ends_the_run_with_that_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_store(tmp_path) as store:
        with monkeypatch.context() as patch:

            def full_disk(_batch: Batch) -> CommitResult:
                raise OSError(28, "No space left on device")

            patch.setattr(store, "commit", full_disk)
            with pytest.raises(OSError, match="No space left") as failed:
                run(committer_for(store, BatchLimits(pages=2)), [Unit("a", partial(chain, "a", 5))])
            assert failed.value.__context__ is None
        run(committer_for(store, BatchLimits(pages=2)), [Unit("a", partial(chain, "a", 5))])
        assert [row["sequence"] for row in landed(store, "tags")] == [0, 1, 2, 3, 4]


def test_an_interrupted_run_keeps_what_it_has_and_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cancellation in the middle of a commit must not start a second one beside it."""
    with open_store(tmp_path) as store:
        commit = store.commit

        def slow_commit(batch: Batch) -> CommitResult:
            sleep(0.2)
            return commit(batch)

        monkeypatch.setattr(store, "commit", slow_commit)
        committer = committer_for(store, BatchLimits(pages=2))

        async def interrupt() -> None:
            lanes = Lanes(committer, concurrency=2, on_progress=lambda: None)
            task = asyncio.create_task(lanes.run([Unit("a", partial(chain, "a", 50, pause=0.01))]))
            await asyncio.sleep(0.1)
            task.cancel()
            await task

        with pytest.raises(asyncio.CancelledError):
            asyncio.run(interrupt())
        rows = landed(store, "tags")
        assert [row["sequence"] for row in rows] == list(range(len(rows)))
        cursor = store.cursor("github", "tags", "a")
        assert cursor is not None
        assert cursor["open"]["pages"] == [row["log_index"] for row in rows]
        assert cursor["open"]["next_place"] == f"https://h/a?page={len(rows)}"


def test_a_fast_chain_waits_while_a_batch_is_being_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing else bounds what one chain of pages brings while the disk is slow."""
    come = 0
    most_waiting = 0
    with open_store(tmp_path) as store:
        commit = store.commit

        def slow_commit(batch: Batch) -> CommitResult:
            nonlocal most_waiting
            before = come
            sleep(0.1)
            most_waiting = max(most_waiting, come - before)
            return commit(batch)

        async def counted() -> AsyncGenerator[Event, None]:
            nonlocal come
            async for event in chain("a", 60, size=1_000_000):
                come += 1
                yield event

        monkeypatch.setattr(store, "commit", slow_commit)
        run(committer_for(store), [Unit("a", counted)])
        assert [row["sequence"] for row in landed(store, "tags")] == list(range(60))
    assert 0 < most_waiting <= 5


def test_what_has_come_is_committed_while_the_first_chain_waits(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        time = FakeTime()
        committer = committer_for(store, BatchLimits(seconds=0.05))
        committer.monotonic = time.monotonic

        async def waiting() -> AsyncGenerator[Event, None]:
            async for event in chain("a", 1):
                if isinstance(event, WindowClosed):
                    await time.sleep(1)
                    await asyncio.sleep(0.3)
                    assert len(landed(store, "tags")) == 1
                yield event

        run(committer, [Unit("a", waiting)])
        assert committer.tally.failures == []
