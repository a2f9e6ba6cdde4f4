"""The peer's dashboard and ours over a small story told by hand: the same answers, or no comparison."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from benchmarks.against_sql import server as server_module
from benchmarks.against_sql.asking import (
    Round,
    Timed,
    ask_dashboard,
    ask_formulas,
    ask_published,
    require_agreement,
    require_answers,
)
from benchmarks.against_sql.loading import (
    RANGES,
    TABLES,
    add_further_indexes,
    build_values,
    leave_to_questions,
    load,
    publish_values,
    tell_events,
)
from benchmarks.against_sql.questions import QUESTIONS, Asked, DifferenceError
from benchmarks.against_sql.server import MariaDB, NotInstalledError, mariadb, program
from orchestration.profiles.definition import shapes
from orchestration.profiles.loading import Loading
from orchestration.profiles.rendering import relation
from tests.dbt_project.profile_tables import Tables

SMALL = ("--innodb-buffer-pool-size=64M", "--innodb-log-file-size=16M")
QUARTER = (date(2026, 4, 1), date(2026, 7, 1))
SHOP, EMPTY = Asked("service:shop", *QUARTER), Asked("service:empty", *QUARTER)

RANGES_OF_THE_QUARTER = f"""
    create table {relation(RANGES)} as
    select range_id, cast(begins as timestamptz) as from_at, cast(ends as timestamptz) as until_at,
        'UTC' as time_zone
    from (values
        ('month:2026-04-01', '2026-04-01', '2026-05-01'),
        ('month:2026-05-01', '2026-05-01', '2026-06-01'),
        ('month:2026-06-01', '2026-06-01', '2026-07-01'),
        ('quarter:2026-04-01', '2026-04-01', '2026-07-01')
    ) as told (range_id, begins, ends)
"""

TOLD = {
    "deployment frequency": {"": "2"},
    "change lead time": {"": "120"},
    "change failure rate": {"": "0.2"},
    "recovery time": {"": "12960"},
    "deployments by month": {"2026-04": "10", "2026-05": "8", "2026-06": "2"},
    "change lead time by month": {"2026-04": "2", "2026-05": "2.0167", "2026-06": "1"},
    "change failure rate by month": {"2026-04": "0.3", "2026-05": "0", "2026-06": "0.5"},
    "recovery time by month": {"2026-04": "216", "2026-05": "0", "2026-06": "0"},
}
"""Counted by hand from the story below: of 14 weeks 8 have two days, of 20 deployments 4 failed."""


def story() -> Tables:
    """A quarter of one project, with something at both of its ends and just beyond them."""
    tables = Tables().project("service:shop", "shop").project("service:empty", "empty")
    tables.deploy("before", "03-31 23:59:59").deploy("first", "04-01 00:00:00")
    brought = {"04-08": ("p1", "evening"), "04-13": ("p2", "04-08"), "05-06": ("p3", "05-04")}
    for place in range(16):
        day = f"{date(2026, 4, 6) + timedelta(days=place // 2 * 7 + place % 2 * 2):%m-%d}"
        change, since = brought.get(day, ("", ""))
        brings = [f"merge-{change}"] if change else []
        tables.deploy(day, f"{day} 10:00", brings=brings, since=f"sha-{since}")
    tables.deploy("evening", "04-06 18:00")
    tables.deploy("last-1", "06-08 10:00", deployment="last").deploy("june", "06-10 10:00")
    tables.deploy("failed", "06-15 10:00", result="FAILURE")
    tables.deploy("staged", "06-16 10:00", environment="STAGING")
    tables.deploy("last-2", "06-30 23:59:59", deployment="last", brings=["merge-p4"], since="sha-june")
    tables.deploy("after", "07-01 00:00:00", brings=["merge-p5"], since="sha-last-2")
    tables.pull_request("p1", opened="04-08 07:00", merged="04-08 09:00", commits=["04-08 06:00"])
    tables.pull_request("p2", opened="04-13 08:00", merged="04-13 09:00")
    tables.pull_request("p3", opened="05-06 08:00", merged="05-06 09:30:30")
    tables.pull_request("p4", opened="06-30 22:59:59", merged="06-30 23:29:59")
    tables.pull_request("p5", opened="06-30 22:00", merged="06-30 23:00")
    tables.pull_request("open", opened="05-01 10:00", merged=None)
    tables.pull_request("waiting", opened="05-01 10:00", merged="05-01 11:00")
    tables.incident("within the day", "04-06 11:00", "04-06 11:30:59")
    tables.incident("into May", "04-20 12:00", "05-02 10:00")
    tables.incident("into May too", "04-22 12:00", "05-01 10:00")
    return tables.incident("unresolved", "06-10 12:00")


@dataclass(frozen=True, slots=True)
class Sides:
    """Both sides with the story in them."""

    server: MariaDB
    formulas: duckdb.DuckDBPyConnection
    published: duckdb.DuckDBPyConnection

    def asked(self, asked: Asked) -> dict[str, Round]:
        """Ask in all three ways."""
        return {
            "MariaDB": ask_dashboard(self.server, "told", asked),
            "formulas": ask_formulas(self.formulas, asked),
            "published": ask_published(self.published, asked),
        }

    def require_agreement_of_dashboard_and_mart(self) -> None:
        """Compare what MariaDB holds now with what is published."""
        rounds = {
            "MariaDB": ask_dashboard(self.server, "told", SHOP),
            "published": ask_published(self.published, SHOP),
        }
        require_agreement(SHOP, rounds)

    def change(self, statement: str) -> None:
        """Change what MariaDB holds, and that alone."""
        self.server.run(statement, schema="told")


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sides]:
    """Both sides; the tests are skipped where MariaDB is not installed."""
    try:
        program("mariadbd")
    except NotInstalledError as error:
        pytest.skip(str(error))
    file = tmp_path_factory.mktemp("published") / "published.duckdb"
    with mariadb(*SMALL) as server, duckdb.connect() as formulas:
        formulas.execute("set TimeZone = 'UTC'; create schema profile")
        tables = story()
        tables.attach(formulas)
        loading = Loading(formulas, tables)
        for shape in shapes().values():
            loading.load(shape)
        loading.finish()
        formulas.execute(RANGES_OF_THE_QUARTER)
        build_values(formulas)
        publish_values(formulas, file)
        leave_to_questions(formulas, *QUARTER)
        load(server, formulas, schema="told", projects="service:%")
        with duckdb.connect(file, read_only=True) as published:
            yield Sides(server, formulas, published)


def test_every_way_of_asking_gives_the_answers_that_are_counted_by_hand(sides: Sides) -> None:
    rounds = sides.asked(SHOP)
    require_agreement(SHOP, rounds)
    for way, answers in rounds.items():
        for name, answer in answers.items():
            told = {month: Decimal(value) for month, value in TOLD[name].items()}
            assert answer.answer == told, (way, name)


def test_only_what_no_metric_means_is_not_looked_up(sides: Sides) -> None:
    looked_up = set(ask_published(sides.published, SHOP))
    assert {question.name for question in QUESTIONS} - looked_up == {"recovery time by month"}


def test_a_project_in_which_nothing_happened_has_the_same_nothing(sides: Sides) -> None:
    rounds = sides.asked(EMPTY)
    require_agreement(EMPTY, rounds)
    found = {name: told.answer for name, told in rounds["MariaDB"].items()}
    assert found["deployment frequency"] == {"": Decimal(0)}
    assert found["change failure rate"] == {"": None}
    assert found["deployments by month"] == dict.fromkeys(EMPTY.months, Decimal(0))


LINKS = "project_incident_deployment_relationships"


@pytest.mark.parametrize(
    ("table", "fault", "mended", "question"),
    [
        (
            "cicd_deployment_commits",
            "environment = if(id = '04-13', 'STAGING', environment)",
            "environment = if(id = '04-13', 'PRODUCTION', environment)",
            "deployment frequency",
        ),
        (
            "project_pr_metrics",
            "pr_cycle_time = pr_cycle_time + 1",
            "pr_cycle_time = pr_cycle_time - 1",
            "change lead time",
        ),
        (
            LINKS,
            "deployment_id = if(id = 'unresolved', 'D-04-27', deployment_id)",
            "deployment_id = if(id = 'unresolved', 'D-june', deployment_id)",
            "change failure rate by month",
        ),
        (
            "incidents",
            "resolution_date = resolution_date + interval 1 minute",
            "resolution_date = resolution_date - interval 1 minute",
            "recovery time",
        ),
    ],
)
def test_one_event_that_differs_stops_the_comparison(
    sides: Sides, table: str, fault: str, mended: str, question: str
) -> None:
    sides.change(f"update {table} set {fault}")
    try:
        with pytest.raises(DifferenceError, match=f"^{question} of service:shop has different answers"):
            sides.require_agreement_of_dashboard_and_mart()
    finally:
        sides.change(f"update {table} set {mended}")


def test_a_question_that_takes_too_long_is_stopped_and_counts_as_the_limit(sides: Sides) -> None:
    endless = "select count(*) from seq_1_to_1000000 as a join seq_1_to_1000000 as b on a.seq <> b.seq"
    reply = sides.server.ask(endless, schema="told", limit_seconds=0.2)
    assert (reply.rows, reply.seconds, reply.is_stopped) == ((), 0.2, True)


def test_a_question_that_was_never_answered_proves_nothing() -> None:
    stopped = {question.name: Timed(None, 300.0) for question in QUESTIONS}
    answered = {name: Timed({"": Decimal(1)}, 1.0) for name in stopped}
    require_answers(SHOP, [stopped, answered])
    with pytest.raises(DifferenceError, match=r"^change lead time of service:shop was stopped whenever"):
        require_answers(SHOP, [stopped, {**answered, "change lead time": Timed(None, 300.0)}])


def test_what_the_server_refuses_is_said_with_its_words(sides: Sides) -> None:
    with pytest.raises(RuntimeError, match=r"Table 'told\.nowhere' doesn't exist"):
        sides.server.ask("select * from nowhere", schema="told")


def test_further_indexes_change_no_answer(sides: Sides) -> None:
    count = (
        "select count(distinct table_name, index_name) from information_schema.statistics "
        "where table_schema = 'told';"
    )
    before = int(sides.server.run(count))
    add_further_indexes(sides.server, "told")
    assert int(sides.server.run(count)) > before
    sides.require_agreement_of_dashboard_and_mart()


def test_where_mariadb_is_missing_the_message_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "PLACES", "/nowhere")
    with pytest.raises(NotInstalledError, match=r"mariadbd is not installed: tests/debian_packages\.sh"):
        program("mariadbd")


def test_the_large_story_is_the_same_in_every_run() -> None:
    def fingerprint(threads: int) -> list[tuple[object, ...]]:
        with duckdb.connect(config={"threads": threads}) as connection:
            connection.execute("set TimeZone = 'UTC'")
            tell_events(connection, 1)
            models = [model for model in TABLES.values() if model.startswith("int_domain__")]
            return [
                connection.execute(
                    f"select count(*), sum(hash(each)) from (select * from {relation(model)}) as each"
                ).fetchall()[0]
                for model in models
            ]

    assert fingerprint(1) == fingerprint(2)


def test_a_dashboard_ends_with_the_last_second_of_its_range() -> None:
    asked = Asked("service:shop", date(2025, 10, 1), date(2026, 1, 1))
    assert asked.months == ("2025-10", "2025-11", "2025-12")
    assert asked.to_at == "2025-12-31 23:59:59"


def test_every_question_has_its_sql_for_the_dashboard() -> None:
    folder = Path(server_module.__file__).parent / "dashboard"
    files = {file.stem.replace("_", " ") for file in folder.glob("*.sql")} - {"schema", "further indexes"}
    assert files == {question.name for question in QUESTIONS}
