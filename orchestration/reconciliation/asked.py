"""The sources that can be asked single questions, and where their streams stand in the warehouse."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol, runtime_checkable

from connectors.http.questions import Question, Reply, SourceTotal
from connectors.http.streams import HttpStream
from connectors.settings import HttpSettings
from orchestration.session import Session


@runtime_checkable
class Answering(Protocol):
    """A source that answers single questions."""

    def ask(self, stream: str, questions: Sequence[Question], *, kept_as: str, run_id: str) -> list[Reply]:
        """Ask, and commit what is answered."""

    def total_question(
        self, stream: HttpStream, total: SourceTotal, scope: str, *, until: datetime, since: date | None
    ) -> Question:
        """How the total of a scope is asked for."""

    def item_parameters(self, stream: str) -> Mapping[str, str]:
        """Further query parameters by which one record of a stream is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedSource:
    """One source of the settings that can be asked.

    Attributes:
        name: Its name.
        kind: Its kind.
        source: The source, open.
        streams: Its streams that may be asked about, as the source declares them.
        run_id: The run, as it stands in evidence.
        since: The first day that the settings ask for.
        has_end: Whether the settings name a day after the last.
        problem: Why it is not to be asked at all; None where it is.
    """

    name: str
    kind: str
    source: Answering
    streams: tuple[HttpStream, ...]
    run_id: str
    since: date | None
    has_end: bool
    problem: str | None = None

    def table(self, stream: HttpStream) -> str:
        """Return the stream's name in the warehouse."""
        return f"{self.kind}__{stream.name}"

    def staging(self, stream: HttpStream) -> str:
        """Return the stream's staging table."""
        return f"staging.stg_{self.table(stream)}"

    def ask(self, stream: str, questions: Sequence[Question], *, kept_as: str) -> list[Reply]:
        """Ask, and commit what is answered."""
        return self.source.ask(stream, questions, kept_as=kept_as, run_id=self.run_id)


def asked_sources(session: Session) -> list[AskedSource]:
    """Return the sources that can be asked, without the streams that the collection register does not allow.

    A source that failed in this run is not asked again.
    """
    failed = {failure.source: failure.message for failure in session.record.failures}
    found = []
    for settings in session.settings.sources:
        if not isinstance(settings, HttpSettings):
            continue
        source = session.source(settings.name)
        if not isinstance(source, Answering):
            continue
        found.append(
            AskedSource(
                name=settings.name,
                kind=settings.kind,
                source=source,
                streams=tuple(
                    stream
                    for stream in source.streams
                    if isinstance(stream, HttpStream)
                    and (settings.name, stream.name) not in session.uncollected
                ),
                run_id=session.run_id,
                since=settings.since,
                has_end=settings.until is not None,
                problem=failed.get(settings.name),
            )
        )
    return found


def no_answer(replies: Sequence[Reply]) -> str | None:
    """Say why a source gives no answer at all, so that it need not be asked on; None where it answers.

    What it refuses about one stream it may tell about another.
    """
    is_silent = all(reply.problem is not None and reply.status is None for reply in replies)
    return replies[0].problem if replies and is_silent else None
