"""Renders deployments, statuses, workflow runs, jobs, tags and releases as GitHub does."""

from typing import Any

from connectors.sandbox.commits import Commit
from connectors.sandbox.events import Job
from connectors.sandbox.github.accounts import API, WEB, Document, stamp, stamp_or_none
from connectors.sandbox.github.rendering import Renderer
from connectors.sandbox.github.repository_documents import minimal_repository, workflow_number
from connectors.sandbox.github.state import Deployment, Release, RepositoryState, Run, Status


def deployment(render: Renderer, repository: RepositoryState, made: Deployment) -> Document:
    """A deployment."""
    url = f"{API}/repos/{repository.name}/deployments/{made.number}"
    return {
        "url": url,
        "id": made.number,
        "node_id": f"DE_{made.number}",
        "task": made.task,
        "original_environment": made.environment,
        "environment": made.environment,
        "description": f"Part {made.part}" if made.part else None,
        "created_at": stamp(made.created_at),
        "updated_at": stamp(made.updated_at),
        "statuses_url": f"{url}/statuses",
        "repository_url": f"{API}/repos/{repository.name}",
        "creator": render.user(made.creator),
        "sha": made.commit_sha,
        "ref": "main",
        "payload": {"part": made.part} if made.part else {},
        "transient_environment": False,
        "production_environment": made.is_production,
        "performed_via_github_app": None,
    }


def status(render: Renderer, repository: RepositoryState, made: Deployment, given: Status) -> Document:
    """One status of a deployment."""
    url = f"{API}/repos/{repository.name}/deployments/{made.number}"
    return {
        "url": f"{url}/statuses/{given.number}",
        "id": given.number,
        "node_id": f"DES_{given.number}",
        "state": given.state,
        "creator": render.user(made.creator),
        "description": given.note,
        "environment": made.environment,
        "target_url": "",
        "created_at": stamp(given.at),
        "updated_at": stamp(given.at),
        "deployment_url": url,
        "repository_url": f"{API}/repos/{repository.name}",
        "environment_url": "",
        "log_url": "",
        "performed_via_github_app": None,
    }


def run(render: Renderer, repository: RepositoryState, made: Run) -> Document:
    """A workflow run, at its newest attempt."""
    url = f"{API}/repos/{repository.name}/actions/runs/{made.number}"
    workflow = workflow_number(repository, made.workflow)
    commit = repository.commits[made.commit_sha]
    nested = minimal_repository(repository)
    return {
        "id": made.number,
        "name": made.workflow,
        "node_id": f"WFR_{made.number}",
        "head_branch": made.branch,
        "head_sha": made.commit_sha,
        "path": f".github/workflows/{made.workflow.lower().replace(' ', '-')}.yml",
        "display_title": made.title,
        "run_number": made.run_number,
        "event": made.event,
        "status": "completed" if made.conclusion else "in_progress",
        "conclusion": made.conclusion,
        "workflow_id": workflow,
        "check_suite_id": made.number + 1,
        "check_suite_node_id": f"CS_{made.number + 1}",
        "url": url,
        "html_url": f"{WEB}/{repository.name}/actions/runs/{made.number}",
        "pull_requests": [],
        "created_at": stamp(made.created_at),
        "updated_at": stamp(made.updated_at),
        "actor": render.user(made.actor),
        "run_attempt": made.attempt,
        "referenced_workflows": [],
        "run_started_at": stamp(made.started_at),
        "triggering_actor": render.user(made.actor),
        "jobs_url": f"{url}/jobs",
        "logs_url": f"{url}/logs",
        "check_suite_url": f"{API}/repos/{repository.name}/check-suites/{made.number + 1}",
        "artifacts_url": f"{url}/artifacts",
        "cancel_url": f"{url}/cancel",
        "rerun_url": f"{url}/rerun",
        "previous_attempt_url": f"{url}/attempts/{made.attempt - 1}" if made.attempt > 1 else None,
        "workflow_url": f"{API}/repos/{repository.name}/actions/workflows/{workflow}",
        "head_commit": head_commit(commit),
        "repository": nested,
        "head_repository": nested,
    }


def head_commit(commit: Commit) -> Document:
    """The commit of a run, in short."""
    return {
        "id": commit.sha,
        "tree_id": commit.tree.sha,
        "message": commit.message,
        "timestamp": stamp(commit.committer.at),
        "author": {"name": commit.author.name, "email": commit.author.email},
        "committer": {"name": commit.committer.name, "email": commit.committer.email},
    }


def job(repository: RepositoryState, made: Run, row: tuple[int, int, Job]) -> Document:
    """One job of an attempt."""
    attempt, number, done = row
    url = f"{API}/repos/{repository.name}/actions"
    return {
        "id": number,
        "run_id": made.number,
        "workflow_name": made.workflow,
        "head_branch": made.branch,
        "run_url": f"{url}/runs/{made.number}",
        "run_attempt": attempt,
        "node_id": f"CR_{number}",
        "head_sha": made.commit_sha,
        "url": f"{url}/jobs/{number}",
        "html_url": f"{WEB}/{repository.name}/actions/runs/{made.number}/job/{number}",
        "status": "completed",
        "conclusion": done.conclusion,
        "created_at": stamp(done.started_at - 2),
        "started_at": stamp(done.started_at),
        "completed_at": stamp(done.finished_at),
        "name": done.name,
        "steps": [step("Set up job", 1, done, "success"), step(f"Run {done.name}", 2, done, done.conclusion)],
        "check_run_url": f"{API}/repos/{repository.name}/check-runs/{number}",
        "labels": ["ubuntu-latest"],
        "runner_id": 1 + number % 9,
        "runner_name": f"Hosted runner {1 + number % 9}",
        "runner_group_id": 2,
        "runner_group_name": "Hosted runners",
    }


def step(name: str, number: int, done: Job, conclusion: str) -> dict[str, Any]:
    """One step of a job."""
    return {
        "name": name,
        "status": "completed",
        "conclusion": conclusion,
        "number": number,
        "started_at": stamp(done.started_at),
        "completed_at": stamp(done.finished_at),
    }


def tag(repository: RepositoryState, name: str, sha: str) -> Document:
    """A tag; the list knows no time."""
    url = f"{API}/repos/{repository.name}"
    return {
        "name": name,
        "zipball_url": f"{url}/zipball/refs/tags/{name}",
        "tarball_url": f"{url}/tarball/refs/tags/{name}",
        "commit": {"sha": sha, "url": f"{url}/commits/{sha}"},
        "node_id": f"REF_{repository.number}_{name}",
    }


def release(render: Renderer, repository: RepositoryState, made: Release) -> Document:
    """A release."""
    url = f"{API}/repos/{repository.name}/releases/{made.number}"
    return {
        "url": url,
        "assets_url": f"{url}/assets",
        "upload_url": f"{url}/assets{{?name,label}}",
        "html_url": f"{WEB}/{repository.name}/releases/tag/{made.tag}",
        "id": made.number,
        "author": render.user(made.author),
        "node_id": f"RE_{made.number}",
        "tag_name": made.tag,
        "target_commitish": "main",
        "name": made.tag,
        "draft": False,
        "immutable": False,
        "prerelease": made.is_prerelease,
        "created_at": stamp(repository.commits[made.commit_sha].committer.at),
        "updated_at": stamp_or_none(made.published_at),
        "published_at": stamp(made.published_at),
        "assets": [],
        "tarball_url": f"{API}/repos/{repository.name}/tarball/{made.tag}",
        "zipball_url": f"{API}/repos/{repository.name}/zipball/{made.tag}",
        "body": made.notes,
    }
