"""A small company whose incidents several tools tell of, then PagerDuty alone, then Jira alone."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb
import pytest
import yaml

from connectors.sandbox.settings import CODE_KINDS
from orchestration.truth.comparison import Comparison, compare
from tests.house.company import Company, company

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

TELLING = (*CODE_KINDS, "jira", "pagerduty")
NO_ISSUES = {"incidents": {"label": "^no such label$"}}
NO_ITEMS = {"work_items": {"kinds": [{"kind": "task", "type": "^Task$"}]}}

Named = dict[tuple[datetime, str], int | None]
"""When an incident was declared and the deployment that it names, and how long that one took to recover."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the warehouse has when these tools tell of incidents."""

    incidents: dict[str, datetime]
    named: Named


@dataclass(frozen=True, slots=True)
class Tellings:
    """The same company: all of its tools tell of incidents, then PagerDuty alone does."""

    comparison: Comparison
    all: Told
    noted: set[datetime]
    paged: Told


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Tellings:
    with company(tmp_path_factory.mktemp("told"), kinds=TELLING, months=3) as acme:
        acme.run()
        comparison = compare(acme.workspace.current, acme.organisation.truth(kinds=TELLING))
        everything, noted = read(acme), notes(acme)
        rule(acme, NO_ISSUES | NO_ITEMS)
        acme.run()
        return Tellings(comparison, everything, noted, read(acme))


@pytest.fixture(scope="module")
def tracked(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """The same company, of whose incidents Jira alone tells."""
    with company(tmp_path_factory.mktemp("tracked"), kinds=(*CODE_KINDS, "jira"), months=3) as acme:
        rule(acme, NO_ISSUES)
        acme.run()
        return read(acme)


def rule(acme: Company, rules: dict[str, Any]) -> None:
    """Let other tools tell of incidents."""
    settings = yaml.safe_load(acme.workspace.settings_file.read_text())
    settings["rules"] = rules
    acme.workspace.settings_file.write_text(yaml.safe_dump(settings, sort_keys=False))


def read(acme: Company) -> Told:
    with duckdb.connect(str(acme.workspace.warehouse), read_only=True) as con:
        incidents = con.execute("select incident_id, declared_at from marts.fct_incidents").fetchall()
        named = con.execute(
            "select incidents.declared_at, links.deployment_id, failures.recovery_seconds "
            "from intermediate.int_incident_links as links "
            "inner join marts.fct_incidents as incidents using (incident_id) "
            "left join marts.fct_change_failures as failures "
            "on failures.deployment_id = links.deployment_id and failures.link_basis = 'explicit' "
            "where starts_with(links.rule, 'names_')"
        ).fetchall()
    return Told(dict(incidents), {(declared, deployment): seconds for declared, deployment, seconds in named})


def notes(acme: Company) -> set[datetime]:
    """When the incidents began that somebody wrote a note about."""
    with duckdb.connect(str(acme.workspace.warehouse), read_only=True) as con:
        rows = con.execute(
            "select incidents.created_at from staging.stg_pagerduty__incidents as incidents "
            "where incident_id in (select incident_id from staging.stg_pagerduty__log_entries__references)"
        ).fetchall()
    return {declared for (declared,) in rows}


def test_every_metric_over_references_is_the_truth_when_three_tools_tell_of_incidents(
    told: Tellings,
) -> None:
    assert told.comparison.differences == ()
    assert told.comparison.compared > 5_000
    assert {key.split(":")[0] for key in told.all.incidents} == {"pagerduty"}


def test_pagerduty_alone_links_what_its_notes_name_as_all_tools_together_do(told: Tellings) -> None:
    assert told.paged.incidents == told.all.incidents
    assert told.paged.named == {key: value for key, value in told.all.named.items() if key[0] in told.noted}
    assert len(told.paged.named) > 3


def test_jira_alone_links_what_its_items_name_as_all_tools_together_do(told: Tellings, tracked: Told) -> None:
    known = set(tracked.incidents.values())
    assert {key.split(":")[0] for key in tracked.incidents} == {"jira"}
    assert tracked.named == {key: value for key, value in told.all.named.items() if key[0] in known}
    assert len(tracked.named) > 3
