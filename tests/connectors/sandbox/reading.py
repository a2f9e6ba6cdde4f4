"""A second reading of the definitions: from the API's objects and the commit graph, by the plainest means.

The sandbox's truth comes from its story. This module finds the same facts the other way round, as a pipeline
must, so that a test can show that the data really say what the truth claims. Slow and simple on purpose.
"""

import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any

import msgspec

from connectors.sandbox import OrganisationAt
from connectors.sandbox.events import TagCreated
from connectors.sandbox.github.paging import Listing, Query
from connectors.sandbox.github.routes import answer
from connectors.sandbox.github.view import GitHubView

Document = dict[str, Any]
PRODUCTION = re.compile("^(production|prod)$")
SEVERITY = re.compile("^sev[123]$")
SIX_HOURS = timedelta(hours=6)
FOURTEEN_DAYS = timedelta(days=14)


def when(text: str) -> datetime:
    return datetime.fromisoformat(text)


@dataclass
class Found:
    """A deployment as found in the data."""

    service: str
    identifier: str
    numbers: list[str]
    sha: str
    started_at: datetime
    finished_at: datetime | None
    last_started_at: datetime
    version: str | None = None
    replaces: "Found | None" = None
    commits: set[str] = field(default_factory=set)
    changes: list[tuple[str, int | None]] = field(default_factory=list)
    is_rollback: bool = False
    is_hotfix: bool = False
    is_unplanned: bool = False
    failures: set[str] = field(default_factory=set)
    incident: Document | None = None
    remedies: list["Found"] = field(default_factory=list)


class Reading:
    """All facts found in the data of an organisation at an instant."""

    def __init__(self, organisation: OrganisationAt, settings: Document) -> None:
        self.view = GitHubView(organisation.github().state)
        self.settings = settings
        self.tagged_at = {
            (event.repository, event.name): event.at
            for event in organisation.organisation.timeline
            if isinstance(event, TagCreated)
        }
        self.repositories = {name: RepositoryReading(self, name) for name in self.view.state.repositories}
        self.deployments: dict[str, list[Found]] = {}
        for service in settings["services"]:
            self.deployments[service["name"]] = self.repositories[service["repository"]].deployments_of(
                service
            )
        self.committed_at: dict[str, datetime] = {}
        for repository in self.repositories.values():
            self.committed_at |= repository.committed_at()
        self.link_incidents()

    def all(self, path: str, **query: str) -> list[Document]:
        """Every item of a list, as JSON values."""
        found = answer(self.view, path, Query(path, query))
        assert isinstance(found, Listing), path
        documents: list[Document] = msgspec.json.decode(
            msgspec.json.encode([found.render(item) for item in found.items])
        )
        return documents

    def first_with(self, service: str, sha: str) -> Found | None:
        return next(
            (row for row in self.deployments[service] if any(c.startswith(sha) for c in row.commits)), None
        )

    def owners_of_pull(self, repository: str, number: int) -> list[Found]:
        """Deployments that brought a pull request's changes."""
        return [
            row
            for service in self.settings["services"]
            if service["repository"] == repository
            for row in self.deployments[service["name"]]
            if any(pull == number for _, pull in row.changes)
        ]

    def link_incidents(self) -> None:
        incidents = {
            row["number"]: row
            for row in self.all("/repos/acme/incidents/issues", state="all")
            if any(label["name"] == "incident" for label in row["labels"])
            and any(SEVERITY.match(label["name"]) for label in row["labels"])
        }
        for row in incidents.values():
            for found in self.named_by(row):
                found.failures.add("incident")
                found.incident = row
        for name, rows in self.deployments.items():
            for found in rows:
                self.link_fixes(name, found, incidents)
        for rows in self.deployments.values():
            for found in rows:
                if found.is_rollback and found.replaces is not None:
                    found.replaces.failures.add("rollback")
                    found.replaces.remedies.append(found)

    def named_by(self, incident: Document) -> list[Found]:
        services = [
            label["name"].removeprefix("service:")
            for label in incident["labels"]
            if label["name"].startswith("service:")
        ]
        body = incident["body"]
        named = []
        for service in services:
            rows = self.deployments[service]
            for number in re.findall(r"deployment (\d+)", body):
                named += [row for row in rows if number in row.numbers]
            for tag in re.findall(r"/releases/tag/(\S+)", body):
                named += [row for row in rows if row.version == tag]
            for sha in re.findall(r"@([0-9a-f]{7,40})", body):
                first = self.first_with(service, sha)
                named += [first] if first else []
            for repository, number in re.findall(r"Caused by ([\w.-]+/[\w.-]+)#(\d+)", body):
                named += [
                    row for row in self.owners_of_pull(repository, int(number)) if row.service == service
                ]
        return named

    def link_fixes(self, service: str, found: Found, incidents: dict[int, Document]) -> None:
        """What a hotfix names: incidents without another link, and changes."""
        if not found.is_hotfix:
            return
        repository = next(row["repository"] for row in self.settings["services"] if row["name"] == service)
        reading = self.repositories[repository]
        for sha, number in found.changes:
            if not reading.is_hotfix_change((sha, number), found, self.deployments[service]):
                continue
            text = reading.text_of(sha, number)
            for incident in re.findall(r"acme/incidents#(\d+)", text):
                issue = incidents.get(int(incident))
                if issue and not self.named_by(issue) and found.replaces is not None:
                    found.replaces.failures.add("incident")
                    found.replaces.incident = issue
            named = [self.first_with(service, sha) for sha in re.findall(r"\b[0-9a-f]{40}\b", text)]
            for pull in re.findall(r"(?:Reverts acme/[\w-]+|Regression introduced by )#(\d+)", text):
                named += [row for row in self.owners_of_pull(repository, int(pull)) if row.service == service]
            for row in named:
                if row is not None and row is not found:
                    row.failures.add("hotfix")
                    row.remedies.append(found)


class RepositoryReading:
    """What one repository's data say."""

    def __init__(self, reading: Reading, name: str) -> None:
        self.reading, self.name = reading, name
        path = f"/repos/{name}"
        self.commits = reading.view.state.repositories[name].commits
        self.pulls = {row["number"]: row for row in reading.all(f"{path}/pulls", state="all")}
        self.issues = {row["number"]: row for row in reading.all(f"{path}/issues", state="all")}
        self.own: dict[int, list[Document]] = {}
        self.changes_of: dict[str, list[tuple[str, int | None]]] = {}
        for number, pull in self.pulls.items():
            if pull["merged_at"]:
                self.read_merge(number)

    def read_merge(self, number: int) -> None:
        path = f"/repos/{self.name}"
        timeline = self.reading.all(f"{path}/issues/{number}/timeline")
        merged = next(row["commit_id"] for row in timeline if row["event"] == "merged")
        own = [row for row in self.reading.all(f"{path}/pulls/{number}/commits") if len(row["parents"]) == 1]
        self.own[number] = own
        if len(self.commits[merged].parents) > 1:
            for row in own:
                self.changes_of[row["sha"]] = [(row["sha"], number)]
            self.changes_of[merged] = []
            return
        chain = [merged]
        while len(chain) < len(own) and self.commits[chain[0]].parents:
            chain.insert(0, self.commits[chain[0]].parents[0])
        if len(chain) == len(own) and all(
            self.commits[c].message == row["commit"]["message"] for c, row in zip(chain, own, strict=True)
        ):
            for made, row in zip(chain, own, strict=True):
                self.changes_of[made] = [(row["sha"], number)]
        else:
            self.changes_of[merged] = [(row["sha"], number) for row in own]

    def committed_at(self) -> dict[str, datetime]:
        seen = {sha: datetime.fromtimestamp(commit.committer.at, UTC) for sha, commit in self.commits.items()}
        built: dict[str, datetime] = {}
        for run in self.reading.all(f"/repos/{self.name}/actions/runs"):
            at = when(run["created_at"])
            built[run["head_sha"]] = min(at, built.get(run["head_sha"], at))
        return seen | built

    def deployments_of(self, service: Document) -> list[Found]:
        rows = getattr(self, f"from_{service['deployments']['from']}")(service)
        rows = sorted(self.merged(rows), key=lambda row: (row.finished_at, row.started_at))
        self.contain(service, rows)
        for row in rows:
            row.is_hotfix = row.replaces is not None and any(
                self.is_hotfix_change(change, row, rows) for change in row.changes
            )
            row.is_unplanned = (
                row.is_rollback
                or row.is_hotfix
                or any(self.fixes_defect(number) for _, number in row.changes)
            )
        return rows

    def from_deployments(self, service: Document) -> list[Found]:
        task = re.compile(service["deployments"].get("task", "^deploy$"))
        rows = []
        for row in self.reading.all(f"/repos/{self.name}/deployments"):
            if not PRODUCTION.match(row["environment"]) or not task.match(row["task"]):
                continue
            statuses = self.reading.all(f"/repos/{self.name}/deployments/{row['id']}/statuses")
            ends = [when(status["created_at"]) for status in statuses if status["state"] == "success"]
            at = when(row["created_at"])
            identifier = f"github:github:deployment:{row['id']}"
            rows.append(
                Found(
                    service["name"], identifier, [str(row["id"])], row["sha"], at, min(ends, default=None), at
                )
            )
        return rows

    def from_workflow_runs(self, service: Document) -> list[Found]:
        rows = []
        for row in self.reading.all(f"/repos/{self.name}/actions/runs"):
            if re.match(service["deployments"]["workflow"], row["name"]):
                at = when(row["created_at"])
                end = when(row["updated_at"]) if row["conclusion"] == "success" else None
                identifier = f"github:github:run:{row['id']}"
                rows.append(
                    Found(service["name"], identifier, [str(row["id"])], row["head_sha"], at, end, at)
                )
        return rows

    def from_releases(self, service: Document) -> list[Found]:
        tags = {row["name"]: row["commit"]["sha"] for row in self.reading.all(f"/repos/{self.name}/tags")}
        rows = []
        for row in self.reading.all(f"/repos/{self.name}/releases"):
            if re.match(service["deployments"]["tag"], row["tag_name"]) and not row["prerelease"]:
                at = when(row["published_at"])
                identifier = f"github:github:release:{row['id']}"
                rows.append(
                    Found(
                        service["name"],
                        identifier,
                        [],
                        tags[row["tag_name"]],
                        at,
                        at,
                        at,
                        version=row["tag_name"],
                    )
                )
        return rows

    def from_tags(self, service: Document) -> list[Found]:
        rows = []
        for row in self.reading.all(f"/repos/{self.name}/tags"):
            if re.match(service["deployments"]["tag"], row["name"]):
                at = datetime.fromtimestamp(self.reading.tagged_at[self.name, row["name"]], UTC)
                identifier = f"git:{self.name}:tag:{row['name']}"
                rows.append(
                    Found(
                        service["name"], identifier, [], row["commit"]["sha"], at, at, at, version=row["name"]
                    )
                )
        return rows

    def merged(self, rows: list[Found]) -> list[Found]:
        """Consecutive parts of one commit within six hours are one; what never reached users is dropped."""
        groups: list[Found] = []
        for row in sorted(rows, key=lambda row: row.started_at):
            last = groups[-1] if groups else None
            if last and last.sha == row.sha and row.started_at - last.last_started_at <= SIX_HOURS:
                last.numbers += row.numbers
                last.last_started_at = row.started_at
                ends = [end for end in (last.finished_at, row.finished_at) if end]
                last.finished_at = max(ends, default=None)
            else:
                groups.append(row)
        return [row for row in groups if row.finished_at is not None]

    def contain(self, service: Document, rows: list[Found]) -> None:
        """Which commits each deployment contains first, and which changes they are."""
        seen: set[str] = set()
        for index, row in enumerate(rows):
            row.replaces = rows[index - 1] if index else None
            stack = [row.sha]
            while stack:
                sha = stack.pop()
                if sha not in seen:
                    seen.add(sha)
                    row.commits.add(sha)
                    stack.extend(self.commits[sha].parents)
            if row.replaces is None:
                row.commits = set()
                continue
            row.is_rollback = row.sha != row.replaces.sha and self.is_ancestor(row.sha, row.replaces.sha)
            for sha in row.commits:
                is_plain = len(self.commits[sha].parents) == 1
                if is_plain and any(
                    pattern == "**" or fnmatchcase(path, pattern)
                    for pattern in service["paths"]
                    for path in self.commits[sha].revisions
                ):
                    row.changes += self.changes_of.get(sha, [(sha, None)])

    def is_ancestor(self, older: str, newer: str) -> bool:
        seen, stack = set(), [newer]
        while stack:
            sha = stack.pop()
            if sha == older:
                return True
            if sha not in seen:
                seen.add(sha)
                stack.extend(self.commits[sha].parents)
        return False

    def text_of(self, sha: str, number: int | None) -> str:
        body = self.pulls[number]["body"] if number else ""
        return f"{self.commits[sha].message}\n{body}"

    def is_hotfix_change(self, change: tuple[str, int | None], row: Found, rows: list[Found]) -> bool:
        sha, number = change
        pull = self.pulls.get(number or 0)
        titles = [self.commits[sha].message, *([pull["title"]] if pull else [])]
        if any(title.lower().startswith("hotfix") for title in titles):
            return True
        labels = [label["name"] for label in pull["labels"]] if pull else []
        if pull and (pull["head"]["ref"].startswith("hotfix/") or "hotfix" in labels):
            return True
        text = self.text_of(sha, number)
        if "acme/incidents#" in text:
            return True
        for reverted in re.findall(r"This reverts commit ([0-9a-f]{40})", text):
            for other in rows:
                if reverted in other.commits and other is not row and other.finished_at and row.finished_at:
                    return row.finished_at - other.finished_at <= FOURTEEN_DAYS
        return False

    def fixes_defect(self, number: int | None) -> bool:
        if not number:
            return False
        for issue in re.findall(r"Fixes #(\d+)", self.pulls[number]["body"]):
            if any(label["name"] == "production-defect" for label in self.issues[int(issue)]["labels"]):
                return True
        return False


def lead_times(reading: Reading) -> dict[tuple[str, str], int]:
    """Lead time by service and commit."""
    found = {}
    for service, rows in reading.deployments.items():
        for row in rows:
            for sha, _ in row.changes:
                assert row.finished_at is not None
                seconds = int((row.finished_at - reading.committed_at[sha]).total_seconds())
                if seconds >= 0:
                    assert (service, sha) not in found
                    found[service, sha] = seconds
    return found


def recoveries(reading: Reading) -> dict[str, tuple[datetime, datetime | None]]:
    """Detection and restoration by failed deployment."""
    found: dict[str, tuple[datetime, datetime | None]] = defaultdict()
    for rows in reading.deployments.values():
        for row in rows:
            if not row.failures:
                continue
            assert row.finished_at is not None
            if "incident" in row.failures and row.incident:
                closed = row.incident["closed_at"]
                found[row.identifier] = (when(row.incident["created_at"]), when(closed) if closed else None)
            else:
                ends = [remedy.finished_at for remedy in row.remedies if remedy.finished_at]
                found[row.identifier] = (row.finished_at, min(ends, default=None))
    return found
