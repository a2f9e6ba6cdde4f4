"""How many rows each staging model must have: counted in the simulation's own folds, files and clones.

Nothing here goes through a connector. Where a fold has no count of its own, its listing is asked directly.
"""

import csv
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from connectors.sandbox import Organisation
from connectors.sandbox.alertmanager.api import AlertmanagerApi
from connectors.sandbox.alertmanager.firing import firing, silences
from connectors.sandbox.api import Api, ApiRequest
from connectors.sandbox.argocd.api import ArgoApi
from connectors.sandbox.circleci.api import CircleCIApi
from connectors.sandbox.commits import Commit
from connectors.sandbox.company import INCIDENT_REPOSITORY
from connectors.sandbox.datadog.api import DatadogApi
from connectors.sandbox.datadog.objectives import objectives
from connectors.sandbox.events import DeploymentStarted, IncidentOpened
from connectors.sandbox.git_export import run_git
from connectors.sandbox.github.state import GitHubState, RepositoryState
from connectors.sandbox.gitlab.api import GitLabApi
from connectors.sandbox.jenkins.api import JenkinsApi
from connectors.sandbox.jenkins.state import PIPELINE, Item
from connectors.sandbox.jira.api import JiraApi
from connectors.sandbox.ownership_files import BRANCH, CATALOG_FILE, OWNERS_FILE, PEOPLE_FILE
from connectors.sandbox.pagerduty.api import PagerDutyApi
from connectors.sandbox.prometheus.api import PrometheusApi
from connectors.sandbox.prometheus.evaluation import evaluate
from connectors.sandbox.prometheus.series import all_series
from connectors.sandbox.roster_files import LEAVE_FILE, ROSTER_FILE
from connectors.sandbox.scim.api import ScimApi
from connectors.sandbox.source_settings import PUSH_PROVIDERS, SAMPLED
from tests.house.deliveries import EACH

Counts = Mapping[str, int]
JIRA_LISTS = {"fields": 13, "statuses": 4, "status_categories": 3, "issue_types": 4}
ALERTING_RULES = 3


@dataclass(frozen=True, slots=True)
class World:
    """A simulated organisation at the end of its story, with its clones and exports."""

    organisation: Organisation
    clones: Path
    files: Path

    def api(self, make: Callable[..., Any], **more: Any) -> Any:
        """An API that lets everybody in, as it stands at the end."""
        api: Api = make(self.organisation.company, self.organisation.timeline, None, **more)
        api.move_to(self.organisation.parameters.ends_at)
        return api

    def count(self, *kinds: type) -> int:
        """How many events of some kinds there were."""
        return sum(isinstance(event, kinds) for event in self.organisation.timeline)

    def repositories(self) -> Iterator[Path]:
        """The clones."""
        for repository in self.organisation.company.repositories:
            if repository.name != INCIDENT_REPOSITORY:
                yield self.clones / f"{repository.name}.git"


def rows_held(world: World) -> dict[str, int]:
    """The rows of every staging model by its name, such as `stg_jira__issues`."""
    held = {f"stg_{kind}__{name}": count for kind, of in _KINDS.items() for name, count in of(world).items()}
    return held | {"stg_unparsed_pages": 0}


def _sighted(name: str, count: int) -> Counts:
    """One reading of a present state: what it lists was seen once."""
    return {name: count, f"{name}__sightings": count}


def _github(world: World) -> Counts:
    state = world.organisation.as_of(world.organisation.ends_at).github().state
    repositories = state.repositories.values()
    items = [item for each in repositories for item in each.items.values()]
    pulls = [item.pull for item in items if item.pull is not None]
    runs = [run for each in repositories for run in each.runs.values()]
    deployments = [one for each in repositories for one in each.deployments.values()]
    return {
        "repositories": len(repositories),
        "repositories__names": len(repositories),
        **_sighted("teams", len(state.teams)),
        **_sighted("team_members", sum(len(_team_members(state, team)) for team in state.teams)),
        "members": len(state.members),
        "issues": len(items),
        "item_details": len(items),
        "pull_requests": len(pulls),
        "pull_request_commits": sum(len(pull.commits) for pull in pulls),
        "reviews": sum(len(pull.reviews) for pull in pulls),
        "review_comments": sum(len(each.line_comments) for each in repositories),
        "timeline": sum(len(item.timeline) for item in items) + sum(len(pull.commits) for pull in pulls),
        "commits": sum(
            commit.committer.at >= world.organisation.parameters.starts_at
            for each in repositories
            for commit in _reachable(each)
        ),
        "tags": sum(len(each.tags) for each in repositories),
        "releases": sum(len(each.releases) for each in repositories),
        "deployments": len(deployments),
        "deployment_statuses": sum(len(each.statuses) for each in deployments),
        "workflow_runs": len(runs),
        "workflow_jobs": sum(len(run.jobs) for run in runs),
    }


def _team_members(state: GitHubState, team: str) -> set[str]:
    """Those of the teams below belong to it too."""
    below = [name for name, each in state.teams.items() if each.parent == team]
    return set(state.teams[team].members).union(*(_team_members(state, name) for name in below))


def _reachable(repository: RepositoryState) -> Iterator[Commit]:
    """The commits of the main branch."""
    seen: set[str] = set()
    waiting = [repository.head_sha]
    while waiting:
        sha = waiting.pop()
        if sha not in seen:
            seen.add(sha)
            yield repository.commits[sha]
            waiting.extend(repository.commits[sha].parents)


def _git(world: World) -> Counts:
    commits, tags = 0, 0
    for clone in world.repositories():
        commits += int(run_git(clone, "rev-list", "main", "--tags", "--count"))
        tags += len(run_git(clone, "tag").split())
    return {"commits": commits, "tags": tags}


def _gitlab(world: World) -> Counts:
    state = world.api(GitLabApi).state
    projects = state.projects.values()
    pipelines = [pipeline for each in projects for pipeline in each.pipelines.values()]
    below = [group for group in state.groups.values() if group.parent is not None]
    (top,) = (group for group in state.groups.values() if group.parent is None)
    return {
        "groups": 1,
        **_sighted("subgroups", len(below)),
        **_sighted("group_members", len(top.members)),
        **_sighted("subgroup_members", sum(len(group.members) for group in below)),
        **_sighted("projects", len(projects)),
        "merge_requests": sum(len(each.merge_requests) for each in projects),
        "merge_request_commits": sum(
            len(request.commits) for each in projects for request in each.merge_requests.values()
        ),
        "events": sum(not happening.is_hidden for each in projects for happening in each.happenings),
        "pipelines": len(pipelines),
        "pipeline_details": len(pipelines),
        "child_pipelines": 0,
        "jobs": sum(len(pipeline.jobs) for pipeline in pipelines),
        "deployments": sum(len(each.deployments) for each in projects),
        "environments": sum(len(each.environments) for each in projects),
        "releases": sum(len(each.releases) for each in projects),
        "tags": sum(len(each.tags) for each in projects),
    }


def _jira(world: World) -> Counts:
    state = world.api(JiraApi, is_cloud=True).state
    changes = sum(len(change.items) for issue in state.issues.values() for change in issue.changes)
    return JIRA_LISTS | {
        "projects": len(state.projects),
        "users": len(state.joined),
        "versions": len(state.versions),
        "components": len(state.components),
        "issues": len(state.issues),
        "current_issues": len(state.issues),
        "issue_keys": len(state.issues),
        "issue_changes": changes,
        "changelogs": changes,
        "histories": 0,
        "worklog_updates": len(state.worklogs()),
        "worklogs": len(state.worklogs()),
        "worklog_deletions": len(state.deleted_worklogs),
        "boards": len(state.boards),
        "sprints": sum(len(state.sprints(board.id)) for board in state.boards),
    }


def _circleci(world: World) -> Counts:
    fold = world.api(CircleCIApi).fold
    slugs = [slug for slug in fold.projects if slug != f"gh/{INCIDENT_REPOSITORY}"]
    pipelines = [pipeline for slug in slugs for pipeline in fold.projects[slug]]
    workflows = [workflow for pipeline in pipelines for workflow in pipeline.workflows]
    return {
        "projects": len(slugs),
        "pipelines": len(pipelines),
        "workflows": len(workflows),
        "jobs": sum(len(workflow.jobs) for workflow in workflows),
    }


def _jenkins(world: World) -> Counts:
    root = world.api(JenkinsApi).fold.state.root
    builds = [(job, build) for job in root.jobs() for build in job.builds]
    return {
        "jobs": sum(1 for _ in _below(root)),
        "builds": len(builds),
        "stages": sum(
            len(build.stages) for job, build in builds if job.class_name == PIPELINE and build.result
        ),
    }


def _below(item: Item) -> Iterator[Item]:
    for each in item.items.values():
        yield each
        yield from _below(each)


def _argocd(world: World) -> Counts:
    applications = world.api(ArgoApi).fold.applications.values()
    return {
        "applications": len(applications),
        "applications__deployments": sum(len(each.history) for each in applications),
        "applications__operations": sum(each.operation is not None for each in applications),
    }


def _pagerduty(world: World) -> Counts:
    api = world.api(PagerDutyApi)

    def listed(path: str, name: str) -> list[Any]:
        found: list[Any] = api.respond(ApiRequest("GET", path, {"limit": ("100",)})).document[name]
        return found

    teams = listed("/teams", "teams")
    return {
        **_sighted("teams", len(teams)),
        **_sighted(
            "team_members", sum(len(listed(f"/teams/{team['id']}/members", "members")) for team in teams)
        ),
        "users": len(listed("/users", "users")),
        **_sighted("services", len(listed("/services", "services"))),
        "escalation_policies": len(listed("/escalation_policies", "escalation_policies")),
        "on_calls": len(listed("/oncalls", "oncalls")),
        "incidents": len(api.alarms()),
        "log_entries": len(api.log()),
        "log_entries__references": sum("Caused by " in entry.note for _, entry in api.log()),
    }


def _datadog(world: World) -> Counts:
    state, parameters = world.api(DatadogApi).state, world.organisation.parameters
    slos = len(list(objectives(state)))
    weeks = math.ceil((parameters.until - parameters.first_day) / timedelta(weeks=1))
    return {
        "slos": slos,
        "slo_history": slos * weeks,
        "monitors": len(list(state.services())),
        "incidents": len(state.incidents),
        "incidents__references": len(state.incidents),
        "users": len(state.users),
    }


def _prometheus(world: World) -> Counts:
    monitoring, parameters = world.api(PrometheusApi).monitoring, world.organisation.parameters

    def samples(query: str, step: int) -> int:
        instants = np.arange(parameters.starts_at, parameters.ends_at, step, dtype=np.int64)
        return sum(len(row["values"]) for row in evaluate(all_series(monitoring), query, instants))

    return {
        "range_samples": sum(samples(query["query"], query["step_seconds"]) for query in SAMPLED),
        "alerts_history": samples("ALERTS", 60),
        "targets": len(monitoring.running),
        "rules": ALERTING_RULES,
    }


def _alertmanager(world: World) -> Counts:
    api = world.api(AlertmanagerApi)
    receivers = api.respond(ApiRequest("GET", "/api/v2/receivers")).document
    return {
        "alerts": len(list(firing(api.monitoring))),
        "silences": len(list(silences(api.monitoring))),
        "receivers": len(receivers),
    }


def _scim(world: World) -> Counts:
    api = world.api(ScimApi)
    return {
        "users": len(api.users()),
        "groups": len(api.groups()),
        "groups__sightings": sum(len(group.get("members", ())) for group in api.groups()),
    }


def _roster(world: World) -> Counts:
    return {"employments": _lines(world.files / ROSTER_FILE), "leave": _lines(world.files / LEAVE_FILE)}


def _lines(path: Path) -> int:
    with path.open(encoding="utf-8", newline="") as file:
        return sum(1 for _ in csv.DictReader(file))


def _backstage(world: World) -> Counts:
    listed = [
        entity
        for clone in world.repositories()
        for path in (CATALOG_FILE, PEOPLE_FILE)
        for entity in yaml.safe_load_all(_file(clone, path))
    ]
    users = [entity for entity in listed if entity["kind"] == "User"]
    return {
        **_sighted("entities", len(listed) - len(users)),
        "entities__members": sum(len(entity["spec"].get("members", ())) for entity in listed),
        "users": len(users),
        "users__groups": sum(len(entity["spec"]["memberOf"]) for entity in users),
    }


def _codeowners(world: World) -> Counts:
    versions, rules = 0, 0
    for clone in world.repositories():
        for sha in run_git(clone, "rev-list", BRANCH, "--", OWNERS_FILE).decode().split():
            lines = _file(clone, OWNERS_FILE, at=sha).splitlines()
            versions += 1
            rules += sum(bool(line) and not line.startswith("#") for line in lines)
    return {"versions": versions, "rules": rules}


def _file(clone: Path, path: str, *, at: str = BRANCH) -> str:
    """A file of a commit; empty where the repository has none."""
    if not run_git(clone, "ls-tree", at, "--", path):
        return ""
    return run_git(clone, "show", f"{at}:{path}").decode()


def _drops(world: World) -> Counts:
    deployments, incidents = world.count(DeploymentStarted), world.count(IncidentOpened)
    rows = deployments + incidents + len(world.organisation.company.services)
    return {"deployments": deployments, "incidents": incidents, "rows": rows, "records": rows}


def _push(_: World) -> Counts:
    hooks = {"github", "gitlab", "pagerduty"}
    return {f"{name}_deliveries" if name in hooks else name: EACH for name in PUSH_PROVIDERS}


_KINDS: Mapping[str, Callable[[World], Counts]] = {
    "github": _github,
    "git": _git,
    "gitlab": _gitlab,
    "jira": _jira,
    "circleci": _circleci,
    "jenkins": _jenkins,
    "argocd": _argocd,
    "pagerduty": _pagerduty,
    "datadog": _datadog,
    "prometheus": _prometheus,
    "alertmanager": _alertmanager,
    "scim": _scim,
    "roster": _roster,
    "backstage": _backstage,
    "codeowners": _codeowners,
    "drops": _drops,
    "push": _push,
}
