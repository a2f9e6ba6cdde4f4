"""What the simulated Jenkins exports of its items and builds; costly properties are computed on demand."""

import hashlib
from collections.abc import Sequence
from functools import partial
from typing import Any

from connectors.sandbox.events import Job as StoryJob
from connectors.sandbox.jenkins.state import FREESTYLE, Build, Item

MOST_BUILDS = 100
"""Builds in `builds`, which Jenkins cuts off; `allBuilds` has them all."""

PIPELINE_RUN = "org.jenkinsci.plugins.workflow.job.WorkflowRun"
FREESTYLE_RUN = "hudson.model.FreeStyleBuild"
LIBRARY = "https://github.example/acme/pipeline-library.git"
SECRET_PARAMETER = "deploy-password-of-the-sandbox"  # noqa: S105  # to be looked for where it must not be
_STAGE_STATUS = {"success": "SUCCESS", "failure": "FAILED", "cancelled": "ABORTED"}


def item_bean(item: Item, url: str) -> dict[str, Any]:
    """A folder or a job."""
    own = f"{url}/"
    bean: dict[str, Any] = {"_class": item.class_name, "url": own}
    if item.name:
        bean |= {"name": item.name, "fullName": item.full_name}
    if not item.is_job:
        below = [partial(item_bean, each, f"{own}job/{each.name}") for each in item.items.values()]
        return bean | {"jobs": below, "mode": "NORMAL"}
    newest_first = [partial(build_bean, item, build, own) for build in reversed(item.builds)]
    completed = [build for build in item.builds if build.result is not None]
    bean |= {
        "buildable": True,
        "nextBuildNumber": item.next_number,
        "allBuilds": newest_first,
        "builds": newest_first[:MOST_BUILDS],
        "lastBuild": newest_first[0] if newest_first else None,
        "lastCompletedBuild": partial(build_bean, item, completed[-1], own) if completed else None,
    }
    if item.class_name == FREESTYLE:
        remotes = [{"url": clone_url(item)}]
        bean["scm"] = {"_class": "hudson.plugins.git.GitSCM", "userRemoteConfigs": remotes}
    return bean


def build_bean(item: Item, build: Build, url: str) -> dict[str, Any]:
    """A build; while it runs its duration is 0."""
    is_freestyle = item.class_name == FREESTYLE
    changes = [{"_class": "hudson.plugins.git.GitChangeSetList", "kind": "git", "items": [change(build)]}]
    return {
        "_class": "hudson.model.FreeStyleBuild"
        if is_freestyle
        else "org.jenkinsci.plugins.workflow.job.WorkflowRun",
        "number": build.number,
        "id": str(build.number),
        "url": f"{url}{build.number}/",
        "fullDisplayName": f"{item.full_name} #{build.number}",
        "timestamp": milliseconds(build.started_at),
        "duration": 0 if build.finished_at is None else (build.finished_at - build.started_at) * 1000,
        "building": build.result is None,
        "result": build.result,
        "actions": partial(actions, item, build),
        "culprits": [{"fullName": build.actor, "id": build.actor}],
        **({"changeSet": changes[0]} if is_freestyle else {"changeSets": changes}),
    }


def actions(item: Item, build: Build) -> list[dict[str, Any]]:
    """Why it was built, with what, and of which commits; the shared library's stands first."""
    found: list[dict[str, Any]] = [{"_class": "hudson.model.CauseAction", "causes": [cause(build)]}]
    if build.is_triggered_by_hand:
        secret = {
            "_class": "hudson.model.PasswordParameterValue",
            "name": "PASSWORD",
            "value": SECRET_PARAMETER,
        }
        found.append({"_class": "hudson.model.ParametersAction", "parameters": [secret]})
    if item.class_name != FREESTYLE:
        found.append({"_class": "org.jenkinsci.plugins.workflow.libs.LibrariesAction"})
        found.append(build_data(LIBRARY, library_commit(build), "main"))
    branch = f"refs/remotes/origin/{build.branch}" if item.class_name == FREESTYLE else build.branch
    return [*found, build_data(clone_url(item), build.commit_sha, branch), {}]


def cause(build: Build) -> dict[str, Any]:
    """Who or what triggered it."""
    if build.is_triggered_by_hand:
        return {
            "_class": "hudson.model.Cause$UserIdCause",
            "shortDescription": f"Started by user {build.actor}",
            "userId": build.actor,
            "userName": build.actor,
        }
    return {
        "_class": "jenkins.branch.BranchEventCause",
        "shortDescription": f"Push event to branch {build.branch}",
    }


def build_data(remote: str, commit_sha: str, branch: str) -> dict[str, Any]:
    """What the git plugin checked out."""
    return {
        "_class": "hudson.plugins.git.util.BuildData",
        "lastBuiltRevision": {"SHA1": commit_sha, "branch": [{"SHA1": commit_sha, "name": branch}]},
        "remoteUrls": [remote],
        "scmName": "",
    }


def change(build: Build) -> dict[str, Any]:
    """The one change that the build brings."""
    return {
        "_class": "hudson.plugins.git.GitChangeSet",
        "commitId": build.commit_sha,
        "timestamp": build.started_at * 1000,
        "author": {"fullName": build.actor},
        "authorEmail": f"{build.actor}@acme.example",
    }


def stages_document(build: Build, path: str) -> dict[str, Any]:
    """What the stage view tells of a run; a run that goes on has no finished stage to show."""
    status = {None: "IN_PROGRESS", "FAILURE": "FAILED", "NOT_BUILT": "NOT_EXECUTED"}
    finished_at = build.finished_at or build.started_at
    return {
        "_links": {"self": {"href": f"{path}/wfapi/describe"}},
        "id": str(build.number),
        "name": f"#{build.number}",
        "status": status.get(build.result, build.result),
        "startTimeMillis": milliseconds(build.started_at),
        "endTimeMillis": milliseconds(finished_at),
        "durationMillis": (finished_at - build.started_at) * 1000,
        "queueDurationMillis": 0,
        "pauseDurationMillis": 0,
        "stages": [stage(build.stages, at) for at in range(len(build.stages))],
    }


def stage(stages: Sequence[StoryJob], at: int) -> dict[str, Any]:
    """One stage."""
    told = stages[at]
    return {
        "id": str(6 + 5 * at),
        "name": told.name,
        "execNode": "",
        "status": _STAGE_STATUS[told.conclusion],
        "startTimeMillis": milliseconds(told.started_at),
        "durationMillis": (told.finished_at - told.started_at) * 1000,
        "pauseDurationMillis": 0,
    }


def clone_url(item: Item) -> str:
    """Where the job's repository is cloned from."""
    return f"https://github.example/{item.repository}.git"


def library_commit(build: Build) -> str:
    """The commit of the shared library that a build used."""
    return hashlib.sha256(f"library {build.started_at // 604_800}".encode()).hexdigest()[:40]


def milliseconds(instant: int) -> int:
    """An instant as Jenkins writes it; never on a whole second."""
    return instant * 1000 + 217
