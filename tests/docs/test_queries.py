"""The worked queries of the documentation: each runs over a published file, joins nothing, says something."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import duckdb
import pytest
import yaml

from publishing.analyst import open_published
from tests.docs.organisation import published_file
from tests.docs.pages import ROOT

PAGE = ROOT / "docs" / "queries.md"
EXPOSURES = ROOT / "dbt_project" / "models" / "exposures.yml"
_QUESTION = re.compile(r"^## \d+\. (.+?)\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
_RELATION = re.compile(r"\bmarts\.(\w+)")
READERS = {
    "worked_queries": ("docs/queries.md",),
    "leadership_report": ("publishing/figures.py", "publishing/caveats.py"),
    "newest_figures": ("orchestration/screens/figures.py",),
    "metric_trace": tuple(
        f"lineage/trace/{name}.py"
        for name in (
            "absence",
            "cells",
            "mart_columns",
            "own",
            "scorecard",
            "service_levels",
            "tracing",
            "views",
        )
    ),
}

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Worked:
    """A question and its query."""

    question: str
    sql: str


def worked() -> list[Worked]:
    """The questions of the page in its order."""
    text = PAGE.read_text(encoding="utf-8")
    return [
        Worked(found[1], sql)
        for found in _QUESTION.finditer(text)
        for sql in re.findall(r"^```sql\n(.*?)^```$", found[2], re.MULTILINE | re.DOTALL)
    ]


def faults(sql: str) -> list[str]:
    """What a query of the page may not do."""
    plain = sql.lower()
    found = [] if re.search(r"\border by\b(?!.*\bgroup by\b)", plain, re.DOTALL) else ["is in no order"]
    if re.search(r"\bjoin\b", plain) or re.search(r"\bfrom\s+[\w.]+\s*,", plain):
        found.append("joins")
    if len(_RELATION.findall(plain)) != 1:
        found.append("reads other than one published table")
    return found


def trivial(rows: Sequence[Row]) -> list[str]:
    """Why an answer says nothing."""
    if len(rows) < 2:
        return ["fewer than two rows"]
    found = [f"{name} is empty" for name in rows[0] if all(row[name] is None for row in rows)]
    if len({tuple(map(str, row.values())) for row in rows}) < len(rows):
        found.append("rows repeat")
    numbers = [
        value
        for row in rows
        for value in row.values()
        if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)
    ]
    return found if not numbers or any(numbers) else [*found, "every number is zero"]


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with open_published(published_file()) as opened:
        yield opened


def test_the_page_answers_twenty_questions() -> None:
    questions = [each.question for each in worked()]
    assert len(questions) >= 20
    assert len(set(questions)) == len(questions)
    assert all(question.endswith("?") for question in questions)


@pytest.mark.parametrize("each", worked(), ids=lambda each: each.question)
def test_a_worked_query_needs_no_join_and_has_an_answer(each: Worked, con: duckdb.DuckDBPyConnection) -> None:
    assert faults(each.sql) == []
    rows = con.execute(each.sql).to_arrow_table().to_pylist()
    assert trivial(rows) == []
    assert con.execute(each.sql).to_arrow_table().to_pylist() == rows


@pytest.mark.parametrize(
    ("sql", "fault"),
    [
        ("select 1 from marts.a inner join marts.b using (c) order by 1", "joins"),
        ("select 1 from marts.a, b order by 1", "joins"),
        ("select 1 from marts.a", "is in no order"),
        ("select list(x order by y) from marts.a group by z", "is in no order"),
        ("select 1 from staging.a order by 1", "reads other than one published table"),
    ],
)
def test_a_query_that_breaks_a_rule_is_found(sql: str, fault: str) -> None:
    assert fault in faults(sql)


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ([], "fewer than two rows"),
        ([{"a": 1, "b": None}, {"a": 2, "b": None}], "b is empty"),
        ([{"a": 0}, {"a": Decimal(0)}], "every number is zero"),
        ([{"a": 1}, {"a": 1}], "rows repeat"),
    ],
)
def test_an_answer_that_says_nothing_is_found(rows: list[Row], fault: str) -> None:
    assert fault in trivial(rows)


def test_the_median_of_the_facts_is_the_published_one(con: duckdb.DuckDBPyConnection) -> None:
    """As the page says of its last question."""
    published = con.execute(
        "select period_start, value::double, n from marts.mart_metric_values "
        "where metric = 'change_lead_time' and scope_kind = 'service' and scope_id = 'checkout' "
        "and period_grain = 'month' and n > 0 order by 1"
    ).fetchall()
    assert con.execute(worked()[-1].sql).fetchall() == published


@pytest.mark.parametrize("name", READERS)
def test_an_exposure_names_every_table_that_its_reader_reads(name: str) -> None:
    read = {
        table
        for path in READERS[name]
        for table in _RELATION.findall((ROOT / path).read_text(encoding="utf-8"))
    }
    assert read
    assert read - exposed()[name] == set()


def test_exposures_are_of_published_tables_and_have_owners(con: duckdb.DuckDBPyConnection) -> None:
    tables = {row[0] for row in con.execute("select table_name from duckdb_tables()").fetchall()}
    document = yaml.safe_load(EXPOSURES.read_text(encoding="utf-8"))
    assert set(READERS) <= set(exposed())
    assert set().union(*exposed().values()) <= tables
    assert all(each["owner"]["name"] and each["description"] for each in document["exposures"])


def test_every_published_table_of_metrics_stands_on_the_page_for_analysts(
    con: duckdb.DuckDBPyConnection,
) -> None:
    page = (ROOT / "docs" / "analysts.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(\w+)`", page))
    short = {f"mart_dora{suffix}" for suffix in named if suffix.startswith("_")}
    marts = {
        row[0]
        for row in con.execute(
            "select table_name from duckdb_tables() where table_name like 'mart_%'"
        ).fetchall()
    }
    assert marts - named - short == set()


def exposed() -> dict[str, set[str]]:
    """The tables of each exposure."""
    document = yaml.safe_load(EXPOSURES.read_text(encoding="utf-8"))
    return {
        each["name"]: {re.sub(r"ref\('(\w+)'\)", r"\1", one) for one in each["depends_on"]}
        for each in document["exposures"]
    }
