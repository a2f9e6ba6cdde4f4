"""Ask a source single questions beside its streams, and keep what it answers as evidence.

Each question is a window of its own: with the page that answered it, or without one where the source says
that nothing is there. A question that gets no answer leaves nothing.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

import msgspec

from connectors.errors import ConnectorError, PermanentSourceError
from connectors.evidence import Batch, EvidenceStore, Page, PageRef, WindowClose
from connectors.evidence.record_values import RECORDS_AT
from connectors.http.answers import Answer
from connectors.http.places import parts_of
from connectors.http.questions import GONE, Question, Reply
from connectors.http.redaction import kept_headers, redact_url
from connectors.http.session import Session

_AT_ONCE = 4


async def ask(
    session: Session,
    store: EvidenceStore,
    questions: Sequence[Question],
    *,
    kept_as: str,
    run_id: str,
) -> list[Reply]:
    """The replies, in the order of the questions; what was answered is committed in that order.

    Args:
        session: Asks the source.
        store: Where evidence goes.
        questions: What to ask.
        kept_as: The stream's name in evidence.
        run_id: The run, as it stands in evidence.
    """
    started_at, turns = session.clock(), asyncio.Semaphore(_AT_ONCE)

    async def one(question: Question) -> tuple[Reply, Answer | None]:
        async with turns:
            return await _asked(session, question)

    found = await asyncio.gather(*(one(question) for question in questions))
    return _kept(session, store, found, kept_as=kept_as, run_id=run_id, started_at=started_at)


async def _asked(session: Session, question: Question) -> tuple[Reply, Answer | None]:
    url, content = parts_of(question.place)
    read: Callable[[bytes], object] = msgspec.json.Decoder(msgspec.Raw).decode
    try:
        answer, _ = await session.get(session.origin.url(url), read=read, content=content or None)
    except PermanentSourceError as error:
        if error.status in GONE:
            return Reply(question=question, status=error.status), None
        return Reply(question=question, status=error.status, problem=str(error)), None
    except ConnectorError as error:
        return Reply(question=question, problem=str(error)), None
    headers = kept_headers(answer.headers)
    return Reply(question=question, status=answer.status, body=answer.body, headers=headers), answer


def _kept(
    session: Session,
    store: EvidenceStore,
    found: Sequence[tuple[Reply, Answer | None]],
    *,
    kept_as: str,
    run_id: str,
    started_at: datetime,
) -> list[Reply]:
    batch, places = Batch(), dict[int, int]()
    for number, (reply, answer) in enumerate(found):
        if reply.problem is not None:
            continue
        window = _window(session, reply.question, kept_as=kept_as, run_id=run_id, started_at=started_at)
        if answer is not None:
            places[number] = len(batch.pages)
            batch.pages.append(_page(window, reply.question, answer))
            window = replace(window, record_count=1, pages=(PageRef(places[number]),))
        batch.closed_windows.append(window)
    if not batch.closed_windows:
        return [reply for reply, _ in found]
    indexes = store.commit(batch).page_indexes
    return [
        replace(reply, log_index=indexes[places[number]]) if number in places else reply
        for number, (reply, _) in enumerate(found)
    ]


def _window(
    session: Session, question: Question, *, kept_as: str, run_id: str, started_at: datetime
) -> WindowClose:
    return WindowClose(
        window_id=f"{run_id}:{kept_as}:{question.key}",
        source=session.source,
        stream=kept_as,
        scope=question.scope,
        parent_key=question.parent_key,
        requested_from=None,
        requested_until=None,
        started_at=started_at,
        closed_at=session.clock(),
        run_id=run_id,
        claimed_total=None,
        record_count=0,
        pages=(),
    )


def _page(window: WindowClose, question: Question, answer: Answer) -> Page:
    _, content = parts_of(question.place)
    asked = answer.url if not content else f"{answer.url}#{question.place.partition('#')[2]}"
    headers = kept_headers(answer.headers)
    return Page(
        source=window.source,
        stream=window.stream,
        scope=window.scope,
        parent_key=window.parent_key,
        window_id=window.window_id,
        sequence=0,
        method="POST" if content else "GET",
        url=redact_url(asked),
        status=answer.status,
        headers=headers if question.envelope is None else headers | {RECORDS_AT: question.envelope},
        fetched_at=answer.fetched_at,
        run_id=window.run_id,
        body=answer.body,
        record_count=1,
    )
