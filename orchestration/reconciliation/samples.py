"""A sample of each stream: records fetched again from the source and compared with their rows in staging."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from connectors.errors import ConnectorError
from connectors.http.questions import Reply
from connectors.http.streams import HttpStream, Reading
from connectors.streams import SAMPLES
from orchestration.reconciliation.asked import AskedSource, no_answer
from orchestration.reconciliation.choosing import Chosen, choose
from orchestration.reconciliation.restaging import RESTAGED, restage
from quality_checks.sampled_records import Sampled, SampleRules, compare_samples

_BY_UPDATE = (Reading.UPDATED_DESCENDING, Reading.UPDATED_SINCE)


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplePlan:
    """What is taken.

    Attributes:
        count: Records of each stream.
        seed: Decides which; see `choose`.
        manifest: The project as dbt compiles it for a build from the beginning.
    """

    count: int
    seed: str
    manifest: Mapping[str, Any]


def sample_source(
    con: duckdb.DuckDBPyConnection, asked: AskedSource, plan: SamplePlan
) -> Iterator[dict[str, Any]]:
    """Yield the verdicts on a source's records, as rows of `quality.sampled_records`.

    A source that is down, or a stream that cannot be asked about, is no error here: it is the verdict
    `not_taken`. After the first stream without a single answer the source is not asked any more.

    Args:
        con: The warehouse, with the vault attached.
        asked: The source.
        plan: How many records of each stream, and which.
    """
    problem = asked.problem
    for stream in asked.streams:
        if stream.item is None or not plan.count:
            continue
        chosen, problem_here = _choose(con, asked, stream, plan)
        if not chosen:
            continue
        replies = _replies(asked, stream, chosen, problem or problem_here)
        problem = problem or no_answer(replies)
        place = {"source": asked.name, "kind": asked.kind, "stream": stream.name}
        for row in _compared(con, asked, stream, plan, list(zip(chosen, replies, strict=True))):
            yield {**place, "subject": asked.staging(stream), **row}


def _choose(
    con: duckdb.DuckDBPyConnection, asked: AskedSource, stream: HttpStream, plan: SamplePlan
) -> tuple[list[Chosen], str | None]:
    parameters, problem = dict[str, str](), None
    try:
        parameters = dict(asked.source.item_parameters(stream.name))
    except ConnectorError as error:
        problem = str(error)
    chosen = choose(
        con,
        stream,
        source=asked.name,
        staging=asked.staging(stream),
        count=plan.count,
        seed=plan.seed,
        parameters=parameters,
    )
    return chosen, problem


def _replies(
    asked: AskedSource, stream: HttpStream, chosen: Sequence[Chosen], problem: str | None
) -> list[Reply]:
    questions = [each.question for each in chosen]
    if problem is not None:
        return [Reply(question=question, problem=problem) for question in questions]
    return asked.ask(stream.name, questions, kept_as=stream.name + SAMPLES)


def _compared(
    con: duckdb.DuckDBPyConnection,
    asked: AskedSource,
    stream: HttpStream,
    plan: SamplePlan,
    answered: Sequence[tuple[Chosen, Reply]],
) -> list[dict[str, Any]]:
    """Compare; where the model's SQL cannot be run over the answers, that is why nothing was compared."""
    try:
        replies = [reply for _, reply in answered if reply.log_index is not None]
        if replies:
            restage(con, plan.manifest, table=asked.table(stream), source=asked.name, replies=replies)
        return list(compare_samples(con, _rules(asked, stream), _samples(answered)))
    except duckdb.Error as error:
        problem = f"the model cannot read what was fetched again: {str(error).splitlines()[0]}"
        return list(compare_samples(con, _rules(asked, stream), _samples(answered, problem)))


def _rules(asked: AskedSource, stream: HttpStream) -> SampleRules:
    item = stream.item
    return SampleRules(
        staged=asked.staging(stream),
        sampled=RESTAGED,
        unversioned=item.unversioned if item else (),
        incomparable=item.incomparable if item else (),
        final_with=dict(item.final_with) if item else {},
        is_read_by_update=stream.reading in _BY_UPDATE and not asked.has_end,
    )


def _samples(answered: Sequence[tuple[Chosen, Reply]], problem: str | None = None) -> list[Sampled]:
    return [
        Sampled(
            record_key=reply.question.key,
            staged_record_id=chosen.record_id,
            log_index=reply.log_index,
            problem=reply.problem or problem,
        )
        for chosen, reply in answered
    ]
