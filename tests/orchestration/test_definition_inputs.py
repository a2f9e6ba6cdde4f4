"""What definitions are made of beside SQL: the tables of rules, and the steps in Python."""

import re
from pathlib import Path

import duckdb
import pytest

from lineage.errors import DefinitionError
from orchestration.metric_definitions.rules import EVIDENCE, built_rules
from orchestration.metric_definitions.steps import WRITERS, step_parts
from tests.parsed import compiled_manifest

STEPS = Path("orchestration/steps")
FETCHED = {"stream_gaps", "incident_dispositions", "corrections"}


def sources(schema: str) -> set[str]:
    return {node["name"] for node in compiled_manifest()["sources"].values() if node["source_name"] == schema}


def test_every_table_that_a_step_computes_names_the_modules_that_do() -> None:
    computed = {f"computed.{name}" for name in sources("computed")}
    vault = {f"vault.{name}" for name in sources("vault")}
    assert computed | vault <= set(WRITERS)


def test_a_step_that_writes_a_table_is_among_the_modules_that_are_hashed_for_it() -> None:
    for path in sorted(STEPS.glob("*.py")):
        for table in re.findall(r"create or replace table (computed\.\w+)", path.read_text(encoding="utf-8")):
            assert f"orchestration.steps.{path.stem}" in step_parts()[table]


def test_every_table_of_settings_is_either_hashed_by_its_rows_or_by_the_step_that_makes_them() -> None:
    evidence = sources("config") & EVIDENCE
    assert {f"config.{name}" for name in evidence} <= set(WRITERS) | {f"config.{name}" for name in FETCHED}
    assert set(EVIDENCE) - sources("config") <= {"corrections"}


NEW_SERVICE = """
insert into config.services by name
select * replace ('new' as service_id) from config.services where service_id = 'search'
"""


def warehouse() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.execute("create schema config; create table config.rules as select 24 as incident_link_hours")
    con.execute("create table config.teams as select 'payments' as team_id")
    con.execute(
        "create table config.reporting as "
        "select 'acme' as organisation, 'UTC' as time_zone, now() as coverage_until"
    )
    con.execute(
        """
        create table config.services as
        select service_id, 'Title' as title, 'deployments' as deployments_from, 'prod' as environment_pattern,
            null::varchar as task_pattern, 'deploy' as workflow_pattern, 'v' as tag_pattern
        from (values ('checkout'), ('search'), ('ledger')) as listed (service_id)
        """
    )
    return con


def test_rules_are_what_the_warehouse_was_built_with() -> None:
    con = warehouse()
    before = built_rules(con)
    assert before["config.rules"] == [{"incident_link_hours": 24}]
    assert before["config.reporting"] == [{"organisation": "acme", "time_zone": "UTC"}]
    con.execute("update config.rules set incident_link_hours = 12")
    assert built_rules(con) != before


@pytest.mark.parametrize(
    ("change", "is_rule"),
    [
        ("insert into config.teams values ('search')", False),
        ("update config.reporting set coverage_until = coverage_until + interval 1 day", False),
        (NEW_SERVICE, False),
        ("update config.services set title = 'Other'", False),
        ("update config.services set environment_pattern = 'staging' where service_id = 'search'", True),
        ("update config.services set task_pattern = 'x' where service_id = 'search'", True),
        ("update config.services set deployments_from = 'tags'", True),
        ("update config.reporting set time_zone = 'Europe/Berlin'", True),
        ("create table config.unheard_of as select 1 as x", True),
    ],
)  # fmt: skip
def test_a_rule_changes_definitions_and_evidence_does_not(change: str, *, is_rule: bool) -> None:
    con = warehouse()
    before = built_rules(con)
    con.execute(change)
    assert (built_rules(con) != before) is is_rule


def test_a_warehouse_without_rules_is_refused() -> None:
    with pytest.raises(DefinitionError, match="assay run"):
        built_rules(duckdb.connect())
