"""What the simulated organisation says of its people and of who owns what, beside its own truth."""

import csv
from collections.abc import Sequence
from datetime import date
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from connectors.sandbox.company import INCIDENT_REPOSITORY, Company, found
from connectors.sandbox.events import Event, PersonJoined, PersonLeft, PersonMovedTeam
from connectors.sandbox.git_export import run_git, write_repositories
from connectors.sandbox.ownership_files import BRANCH, write_ownership
from connectors.sandbox.parameters import Parameters, day_of
from connectors.sandbox.roster_files import write_roster
from connectors.sandbox.simulation import play
from connectors.sandbox.staff_records import staff_at
from tests.connectors.files.file_source import current, extract
from tests.connectors.workspace import open_store

SMALL = Parameters(months=6, services=6, until=date(2026, 7, 1))


@cache
def story() -> tuple[Company, Sequence[Event]]:
    company = found(SMALL)
    return company, tuple(play(company).events)


@pytest.fixture(scope="module")
def clones(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clones")
    company, events = story()
    write_repositories(company, events, folder, until=SMALL.ends_at)
    write_ownership(company, events, folder, until=SMALL.ends_at)
    return folder


def repositories(folder: Path) -> list[dict[str, str]]:
    return [
        {"name": row.name, "path": str(folder / f"{row.name}.git"), "branch": BRANCH}
        for row in story()[0].repositories
        if row.name != INCIDENT_REPOSITORY
    ]


def test_memberships_follow_each_other_without_gaps_or_overlaps() -> None:
    company, events = story()
    staff = staff_at(company, events, SMALL.ends_at)
    joined = {event.login for event in events if isinstance(event, PersonJoined) and event.team}
    assert set(staff.records) == joined
    moves = sum(isinstance(event, PersonMovedTeam) for event in events)
    spans = [record.memberships for record in staff.records.values()]
    assert sum(len(memberships) - 1 for memberships in spans) == moves > 0
    for memberships in spans:
        for before, after in pairwise(memberships):
            assert before.until_day == after.from_day
            assert before.from_day < after.from_day
    left = {event.login for event in events if isinstance(event, PersonLeft)}
    assert {login for login, record in staff.records.items() if record.employed_until} == left
    assert left


def test_the_roster_is_the_same_each_time_and_accepted_by_its_connector(tmp_path: Path) -> None:
    company, events = story()
    first = [path.read_bytes() for path in write_roster(company, events, tmp_path, until=SMALL.ends_at)]
    again = [path.read_bytes() for path in write_roster(company, events, tmp_path, until=SMALL.ends_at)]
    assert first == again
    with open_store(tmp_path / "ws") as store:
        reports = extract(store, tmp_path, kind="roster", people="roster.csv", leave="leave.csv")
        assert {report.failures for report in reports.values()} == {()}
        with (tmp_path / "leave.csv").open(newline="") as file:
            assert len(current(store, "leave")) == len(list(csv.DictReader(file))) > 0


def test_the_main_branches_stay_what_the_story_made_them(clones: Path) -> None:
    company, events = story()
    before = {
        path: run_git(path, "rev-parse", "main")
        for path in write_repositories(company, events, clones.parent / "plain", until=SMALL.ends_at)
    }
    for path, head in before.items():
        twin = clones / path.relative_to(clones.parent / "plain")
        assert run_git(twin, "rev-parse", "main") == head


def test_code_owners_name_the_owners_of_the_time(tmp_path: Path, clones: Path) -> None:
    company, _ = story()
    instants = [SMALL.starts_at, *(plan.at for plan in company.reorganisations)]
    with open_store(tmp_path) as store:
        reports = extract(store, tmp_path, kind="codeowners", repositories=repositories(clones))
        assert all(report.failures == () for report in reports.values())
        owners: dict[tuple[str, str], list[tuple[str, list[str]]]] = {}
        scopes = {row["commit"]: row for row in current(store, "versions")}
        for rule in current(store, "rules"):
            owners.setdefault((rule["commit"], rule["pattern"]), []).append(
                (rule["committed_at"], rule["teams"])
            )
        assert len(scopes) > len(repositories(clones)), "reorganisations made further versions"
        assert {day_of(at).isoformat() for at in instants} >= {
            version["committed_at"][:10] for version in scopes.values()
        }
        named = {team for rules in owners.values() for _, teams in rules for team in teams}
        expected = {f"acme/{row.team}" for row in company.ownerships}
        assert named <= expected
        assert {f"acme/{company.owner_at(row.name, SMALL.ends_at)}" for row in company.services} <= named


def test_the_catalog_names_every_service_with_its_present_owner(tmp_path: Path, clones: Path) -> None:
    company, events = story()
    with open_store(tmp_path) as store:
        reports = extract(store, tmp_path, kind="backstage", repositories=repositories(clones))
        assert all(report.failures == () for report in reports.values())
        entities = current(store, "entities")
        owners = {row["name"]: row["owner_ref"] for row in entities if row["kind"] == "component"}
        assert owners == {
            service.name: f"group:default/{company.owner_at(service.name, SMALL.ends_at)}"
            for service in company.services
        }
        last = max(plan.at for plan in company.reorganisations)
        staff = staff_at(company, events, last)
        present = {login for login, record in staff.records.items() if record.left_at is None}
        assert {row["user"]["login"] for row in current(store, "users")} == present
        groups = {row["name"]: len(row["members"]) for row in entities if row["kind"] == "group"}
        assert sum(groups.values()) == len(present)
