"""Writes who owns what into the clones: catalog files and CODEOWNERS, as they were after each reorganisation.

They stand on a branch of their own, `ownership`: the main branches hold the story's commits and nothing else,
for APIs and clones must show the same ones.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from connectors.sandbox.catalogue import Repository, Service
from connectors.sandbox.company import INCIDENT_REPOSITORY, Company, TeamPeriod, is_in_force
from connectors.sandbox.events import Event
from connectors.sandbox.git_export import data, run_git
from connectors.sandbox.parameters import ORGANISATION, day_of
from connectors.sandbox.people import RELEASE_BOT
from connectors.sandbox.staff_records import Staff, staff_at

BRANCH = "ownership"
CATALOG_FILE = "catalog-info.yaml"
PEOPLE_FILE = "catalog/people.yaml"
OWNERS_FILE = ".github/CODEOWNERS"
_EVERYTHING = "**"
Files = Mapping[str, bytes]


def write_ownership(company: Company, events: Sequence[Event], folder: Path, *, until: int) -> list[str]:
    """Write the branch into every clone that is there.

    Args:
        company: The organisation.
        events: The timeline.
        folder: The folder of the clones, as `write_repositories` lays them out.
        until: Instant in epoch seconds, inclusive.

    Returns:
        Full names of the repositories that have the branch.
    """
    instants = [company.parameters.starts_at, *(plan.at for plan in company.reorganisations)]
    written = []
    for repository in company.repositories:
        clone = folder / f"{repository.name}.git"
        if repository.name == INCIDENT_REPOSITORY or not clone.exists():
            continue
        versions = _versions(company, events, repository, [at for at in instants if at <= until])
        run_git(clone, "fast-import", "--quiet", "--force", given=b"".join(_commits(versions)))
        written.append(repository.name)
    return written


def files_at(company: Company, staff: Staff, repository: Repository, at: int) -> Files:
    """The files of a repository at an instant."""
    services = [service for service in company.services if service.repository == repository.name]
    documents = [_component(company, service, at) for service in services]
    files = {OWNERS_FILE: _owners_text(company, services, at).encode()}
    if repository == company.repositories[0]:
        documents.append(_location())
        people = [*_groups(company, staff, at), *_users(staff)]
        files[PEOPLE_FILE] = _yaml(people)
    files[CATALOG_FILE] = _yaml(documents)
    return files


def _versions(
    company: Company, events: Sequence[Event], repository: Repository, instants: Sequence[int]
) -> Iterator[tuple[int, Files]]:
    """What the files were from which instant on; unchanged ones are no version."""
    last: Files = {}
    for at in instants:
        files = files_at(company, staff_at(company, events, at), repository, at)
        if files != last:
            yield at, files
        last = files


def _commits(versions: Iterator[tuple[int, Files]]) -> Iterator[bytes]:
    """The input of `git fast-import`: each version whole, on top of the one before."""
    for number, (at, files) in enumerate(versions):
        who = f"{RELEASE_BOT.name} <{RELEASE_BOT.email}> {at} +0000"
        reset = f"reset refs/heads/{BRANCH}\n\n" if number == 0 else ""
        yield f"{reset}commit refs/heads/{BRANCH}\ncommitter {who}\n".encode()
        yield data(b"Say who owns what\n") + b"deleteall\n"
        for path, content in sorted(files.items()):
            yield f"M 100644 inline {path}\n".encode() + data(content)
        yield b"\n"


def _owners_text(company: Company, services: Sequence[Service], at: int) -> str:
    owners: dict[str, list[str]] = {}
    for service in services:
        team = f"@{ORGANISATION}/{company.owner_at(service.name, at)}"
        for path in service.paths:
            named = owners.setdefault("*" if path == _EVERYTHING else f"/{path.removesuffix('**')}", [])
            if team not in named:
                named.append(team)
    lines = [f"{pattern} {' '.join(teams)}" for pattern, teams in owners.items()]
    return "\n".join(["# Who is asked to review what", *lines, ""])


def _component(company: Company, service: Service, at: int) -> dict[str, Any]:
    team = company.owner_at(service.name, at)
    return {
        "apiVersion": "backstage.io/v1alpha1",
        "kind": "Component",
        "metadata": {
            "name": service.name,
            "title": service.title,
            "annotations": {"github.com/project-slug": service.repository, "argocd/app-name": service.name},
        },
        "spec": {"type": "service", "lifecycle": "production", "owner": f"group:default/{team}"},
    }


def _location() -> dict[str, Any]:
    return {
        "apiVersion": "backstage.io/v1alpha1",
        "kind": "Location",
        "metadata": {"name": "people"},
        "spec": {"targets": [f"./{PEOPLE_FILE}", "https://catalog.acme.example/shared.yaml"]},
    }


def _groups(company: Company, staff: Staff, at: int) -> Iterator[dict[str, Any]]:
    day = day_of(at)
    for period in (period for period in company.teams if is_in_force(period, day)):
        yield {
            "apiVersion": "backstage.io/v1alpha1",
            "kind": "Group",
            "metadata": {"name": period.name, "title": period.title},
            "spec": _group_spec(period, sorted(staff.members.get(period.name, ()))),
        }


def _group_spec(period: TeamPeriod, members: list[str]) -> dict[str, Any]:
    parent = {} if period.parent is None else {"parent": period.parent}
    return {"type": "team", **parent, "children": [], "members": members}


def _users(staff: Staff) -> Iterator[dict[str, Any]]:
    for login, record in sorted(staff.records.items()):
        if record.left_at is None:
            yield {
                "apiVersion": "backstage.io/v1alpha1",
                "kind": "User",
                "metadata": {"name": login},
                "spec": {
                    "profile": {"displayName": record.person.name, "email": f"{login}@acme.example"},
                    "memberOf": [record.memberships[-1].team],
                },
            }


def _yaml(documents: Sequence[dict[str, Any]]) -> bytes:
    return yaml.safe_dump_all(documents, sort_keys=False, allow_unicode=True).encode()
