"""Asking every question in each of the three ways, and refusing to go on where the answers differ."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import duckdb

from benchmarks.against_sql.questions import (
    QUESTIONS,
    Answer,
    Asked,
    DifferenceError,
    Question,
    require_equal,
)
from benchmarks.against_sql.server import LIMIT_SECONDS, MariaDB

REPETITIONS = 3


@dataclass(frozen=True, slots=True)
class Timed:
    """An answer and the seconds that it took; none where it was stopped after so many."""

    answer: Answer | None
    seconds: float


Round = Mapping[str, Timed]
"""Timed answers by question."""


def ask_dashboard(
    server: MariaDB, schema: str, asked: Asked, *, limit_seconds: float = LIMIT_SECONDS
) -> Round:
    """Ask MariaDB by the dashboard's SQL."""
    answers = {}
    for question in QUESTIONS:
        reply = server.ask(question.dashboard_sql(asked), schema=schema, limit_seconds=limit_seconds)
        answer = None if reply.is_stopped else question.from_dashboard(reply.rows)
        answers[question.name] = Timed(answer, reply.seconds)
    return answers


def ask_formulas(connection: duckdb.DuckDBPyConnection, asked: Asked) -> Round:
    """Ask DuckDB by the profile's models."""
    parameters = {"project": asked.project}
    return {
        question.name: _best(connection, question, question.formula_sql(), parameters, asked)
        for question in QUESTIONS
    }


def ask_published(connection: duckdb.DuckDBPyConnection, asked: Asked) -> Round:
    """Look the values up in the published mart, as far as they are there."""
    kind, _, scope = asked.project.partition(":")
    parameters = {"kind": kind, "id": scope, "begins": asked.begins, "ends": asked.ends}
    return {
        question.name: _best(connection, question, question.published_sql(), parameters, asked)
        for question in QUESTIONS
        if question.is_published
    }


def require_agreement(asked: Asked, rounds: Mapping[str, Round]) -> None:
    """Refuse to go on where an answer differs.

    Raises:
        DifferenceError: One does; the message shows every answer to its question.
    """
    for question in QUESTIONS:
        told = {
            name: answers[question.name].answer
            for name, answers in rounds.items()
            if question.name in answers
        }
        require_equal(question, asked, {name: answer for name, answer in told.items() if answer is not None})


def require_answers(asked: Asked, rounds: Iterable[Round]) -> None:
    """Refuse to go on where a question was stopped in every round of the peer's.

    Raises:
        DifferenceError: Nothing shows that its answer would be ours.
    """
    answered = {name for answers in rounds for name, told in answers.items() if told.answer is not None}
    for question in QUESTIONS:
        if question.name not in answered:
            raise DifferenceError(f"{question.name} of {asked.project} was stopped whenever it was asked")


def total_seconds(answers: Round, names: Iterable[str]) -> float:
    """Seconds of some questions together."""
    return sum(answers[name].seconds for name in names)


def _best(
    connection: duckdb.DuckDBPyConnection,
    question: Question,
    sql: str,
    parameters: Mapping[str, Any],
    asked: Asked,
) -> Timed:
    """Ask once to warm up, then some times more, and take the best of the caller's times."""
    rows = connection.execute(sql, parameters).fetchall()
    seconds = []
    for _ in range(REPETITIONS):
        begun = time.perf_counter()
        rows = connection.execute(sql, parameters).fetchall()
        seconds.append(time.perf_counter() - begun)
    return Timed(question.from_ours(rows, asked), min(seconds))
