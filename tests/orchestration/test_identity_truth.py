"""Who is who in the simulated organisation, from all sources that name people, beside who really is."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import combinations

import pytest
import yaml

from connectors.sandbox import ORGANISATION, serve, simulate
from connectors.sandbox.company import Company as Simulated
from connectors.sandbox.datadog import identifiers as of_datadog
from connectors.sandbox.jira import documents as of_jira
from connectors.sandbox.pagerduty import identifiers as of_pagerduty
from connectors.sandbox.people import BOTS, WEB_FLOW
from connectors.sandbox.scim import documents as of_scim
from connectors.streams import in_dependency_order
from governance.identity.components import Components
from governance.identity.register import IdentityRegister
from governance.identity.statements import kind_of
from governance.identity.suggestions import Suggestion
from orchestration.demonstration import simulated_people
from orchestration.flow.extraction import extract_stream
from orchestration.flow.pinning import pin_evidence
from orchestration.flow.settings_rows import settings_rows
from orchestration.flow.warehouse import open_warehouse
from orchestration.scaffold import scaffold
from orchestration.session import Session, open_session
from orchestration.sources import enabled_streams
from orchestration.steps.account_tokens import assign_account_tokens
from orchestration.steps.raw_schema import build_raw_schema
from tests.house.company import END, TOKEN, write_folders

STREAMS = {
    "github": ["repositories", "members", "commits", "pull_requests"],
    "git": ["commits"],
    "jira": ["users"],
    "gitlab": ["groups", "projects", "group_members", "merge_requests"],
    "circleci": ["projects", "pipelines"],
    "pagerduty": ["users"],
    "datadog": ["users"],
    "scim": ["users"],
    "roster": ["employments"],
    "backstage": ["users"],
}

GHOST = "gitlab:1"
"""Whom GitLab shows in the place of a deleted account."""


@dataclass(frozen=True, slots=True)
class Found:
    """Who the vault says is who: the accounts of each person, humans and bots, and the register."""

    people: list[set[str]]
    bots: set[str]
    login_of: dict[str, str]
    register: IdentityRegister

    def pairs(self) -> set[frozenset[str]]:
        """Pairs of accounts that are held to be one person's, those whose owner the truth knows."""
        known = ([key for key in sorted(accounts) if key in self.login_of] for accounts in self.people)
        return {frozenset(pair) for accounts in known for pair in combinations(accounts, 2)}

    def real_pairs(self) -> set[frozenset[str]]:
        """Pairs of accounts that really are one person's."""
        accounts: dict[str, list[str]] = defaultdict(list)
        for key in {key for held in self.people for key in held} & self.login_of.keys():
            accounts[self.login_of[key]].append(key)
        return {frozenset(pair) for held in accounts.values() for pair in combinations(sorted(held), 2)}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Found]:
    folder = tmp_path_factory.mktemp("truth")
    organisation = simulate(seed=7, months=2, services=2, until=date(2026, 7, 1))
    write_folders(organisation, END, folder / "git", folder / "files")
    with serve(organisation, token=TOKEN, at=END) as server:
        document = organisation.settings_document(
            base_url=server.base_url, git_folder="../git", files_folder="../files", kinds=tuple(STREAMS)
        )
        for source in document["sources"]:
            source["streams"] = STREAMS[source["kind"]]
        workspace = scaffold(
            folder / "workspace",
            organisation=ORGANISATION,
            random_bytes=bytes,
            settings=yaml.safe_dump(document, sort_keys=False),
            confirmation=simulated_people(),
        )
        variables = (one for source in workspace.settings().sources for one in source.variables.values())
        environment = dict.fromkeys(variables, TOKEN)
        with open_session(workspace, command="test", environment=environment) as session:
            for each in session.settings.sources:
                for stream in in_dependency_order(tuple(enabled_streams(each))):
                    extract_stream(session, each.name, stream.name)
            _fill(session)
            yield _found(session, organisation.company)


def _fill(session: Session) -> None:
    """Do what a run does between fetching and dbt."""
    workspace = session.workspace
    with open_warehouse(workspace.warehouse) as con:
        pinned = pin_evidence(session, con)
        rows = settings_rows(session.settings, repositories=pinned.repositories)
        raw = build_raw_schema(con, pinned.evidence, config=rows, staging_sha256="1")
        assign_account_tokens(con, pinned.evidence, raw, vault=session.vault(), vault_file=workspace.vault)


def _found(session: Session, simulated: Simulated) -> Found:
    with session.vault().open() as con:
        rows = con.execute(
            "select list(account_key order by account_key) "
            "from people inner join accounts using (account_token) group by person_token"
        ).fetchall()
        bots = con.execute("select account_key from accounts where is_bot").fetchall()
    people = [set(accounts) for (accounts,) in rows]
    return Found(
        people, {key for (key,) in bots}, _truth(simulated), IdentityRegister(session.vault(), session.ledger)
    )


def _truth(simulated: Simulated) -> dict[str, str]:
    """Whose each account is: the simulated systems make their ids of logins and numbers."""
    truth = {}
    for person in (*simulated.people, *BOTS):
        for key in (
            f"github:{person.number}",
            f"git:{person.email.lower()}",
            f"jira:{of_jira.account_id(person.login)}",
            f"jira:JIRAUSER{person.number}",
            f"gitlab:{person.number}",
            f"circleci:{person.login}",
            f"pagerduty:{of_pagerduty.user_id(person.login)}",
            f"datadog:{of_datadog.user_id(person.login)}",
            f"scim:{of_scim.user_id(person.number)}",
            f"roster:{person.number}",
            f"backstage:default/{person.login}",
        ):
            truth[key] = person.login
    return truth


def test_every_source_names_people_whom_the_truth_knows(found: Found) -> None:
    seen = {key for accounts in found.people for key in accounts}
    assert {key.partition(":")[0] for key in seen} == set(STREAMS)
    assert {key for key in seen if key not in found.login_of} == {GHOST}


def test_what_the_rules_join_is_one_person_without_exception(found: Found) -> None:
    assert len(found.pairs()) > 100
    assert found.pairs() - found.real_pairs() == set()


def test_bots_and_humans_are_never_one_person(found: Found) -> None:
    assert found.bots
    assert all(not accounts & found.bots or accounts <= found.bots for accounts in found.people)


def test_the_rules_find_whom_addresses_tell_and_leave_the_rest(found: Found) -> None:
    """Jira's cloud and GitLab hide addresses, CircleCI has logins alone: there the rules must know nobody."""
    told = {pair for pair in found.real_pairs() if not kinds_of(pair) & {"jira", "gitlab", "circleci"}}
    recall = len(found.pairs() & told) / len(told)
    assert recall > 0.9
    hidden = {pair for pair in found.pairs() - told if not pair <= found.bots}
    assert hidden == set()


def test_confirming_what_is_suggested_brings_everybody_together_whose_systems_say_more_than_a_name(
    found: Found,
) -> None:
    suggestions = found.register.suggestions()
    assert [one for one in suggestions if len(owners(found, one)) > 1] == []
    joined = Components()
    for accounts in (*found.people, *(keys_of(suggestion) for suggestion in suggestions)):
        joined.join(sorted(accounts))
    missing = {pair for pair in found.real_pairs() if len({joined.root(key) for key in pair}) > 1}
    machines = found.bots | {key for key in found.login_of if found.login_of[key] == WEB_FLOW.login}
    humans = {pair for pair in missing if not pair & machines}
    assert {pair for pair in humans if "jira" not in kinds_of(pair)} == set()
    assert 1 - len(humans) / len(found.real_pairs()) > 0.75


def kinds_of(pair: frozenset[str]) -> set[str]:
    """The systems of accounts."""
    return {kind_of(key) for key in pair}


def keys_of(suggestion: Suggestion) -> set[str]:
    """The accounts that a suggestion would bring together."""
    return {one.account_key for one in (*suggestion.left, *suggestion.right)}


def owners(found: Found, suggestion: Suggestion) -> set[str]:
    """Whose accounts a suggestion would bring together."""
    return {found.login_of[key] for key in keys_of(suggestion)}
