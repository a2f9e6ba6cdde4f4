"""Renders pipelines, jobs, deployments and environments as GitLab does."""

from connectors.sandbox.gitlab.documents import WEB, Document, commit, stamp, stamp_or_none, user
from connectors.sandbox.gitlab.state import Deployment, Environment, GitLabState, Job, Pipeline, Project


def pipeline(made: Project, row: Pipeline) -> Document:
    """A pipeline as in lists: without start and end."""
    return {
        "id": row.number,
        "iid": row.iid,
        "project_id": made.number,
        "sha": row.commit_sha,
        "ref": row.branch,
        "status": row.status,
        "source": row.source,
        "created_at": stamp(row.created_at),
        "updated_at": stamp(row.updated_at),
        "web_url": f"{WEB}/{made.name}/-/pipelines/{row.number}",
        "name": row.name,
    }


def pipeline_in_detail(state: GitLabState, made: Project, row: Pipeline) -> Document:
    """One pipeline."""
    started_at = min((job.started_at for job in row.jobs if job.started_at <= state.at), default=None)
    return pipeline(made, row) | {
        "before_sha": "0" * 40,
        "tag": False,
        "yaml_errors": None,
        "user": user(state, row.actor),
        "started_at": stamp_or_none(started_at),
        "finished_at": stamp_or_none(row.finished_at),
        "committed_at": None,
        "duration": row.finished_at - started_at if row.finished_at and started_at else None,
        "queued_duration": started_at - row.created_at if started_at else None,
        "coverage": None,
    }


def job_status(state: GitLabState, job: Job) -> str:
    """Where a job stands now."""
    if job.started_at > state.at:
        return "pending"
    return "running" if job.finished_at is None or job.finished_at > state.at else job.conclusion


def job(state: GitLabState, made: Project, row: Pipeline, done: Job) -> Document:
    """A job."""
    status = job_status(state, done)
    is_over = status not in {"pending", "running"}
    seconds = (done.finished_at or 0) - done.started_at
    return {
        "id": done.number,
        "status": status,
        "stage": done.stage,
        "name": done.name,
        "ref": row.branch,
        "tag": False,
        "coverage": None,
        "allow_failure": False,
        "created_at": stamp(done.created_at),
        "started_at": None if status == "pending" else stamp(done.started_at),
        "finished_at": stamp_or_none(done.finished_at) if is_over else None,
        "erased_at": None,
        "duration": float(seconds) if is_over else None,
        "queued_duration": float(done.started_at - done.created_at),
        "user": user(state, row.actor),
        "commit": commit(made, made.commits[row.commit_sha]),
        "pipeline": {
            key: value for key, value in pipeline(made, row).items() if key not in {"name", "web_url"}
        },
        "web_url": f"{WEB}/{made.name}/-/jobs/{done.number}",
        "project": {"ci_job_token_scope_enabled": False},
        "runner": None,
        "artifacts": [],
        **({"failure_reason": "script_failure"} if status == "failed" else {}),
    }


def environment(row: Environment) -> Document:
    """An environment."""
    return environment_in_short(row) | {
        "tier": "production" if row.is_production else "staging",
        "state": "available",
        "auto_stop_at": None,
    }


def environment_in_short(row: Environment) -> Document:
    """An environment as nested in deployments."""
    return {
        "id": row.number,
        "name": row.name,
        "slug": row.name,
        "external_url": None,
        "created_at": stamp(row.created_at),
        "updated_at": stamp(row.created_at),
    }


def deployment(state: GitLabState, made: Project, row: Deployment) -> Document:
    """A deployment, with the job that did it, or null where GitLab was told through its API."""
    has_job = row.job is not None and row.pipeline is not None
    return {
        "id": row.number,
        "iid": row.iid,
        "ref": "main",
        "sha": row.commit_sha,
        "created_at": stamp(row.created_at),
        "updated_at": stamp(row.updated_at),
        "user": user(state, row.creator),
        "environment": environment_in_short(row.environment),
        "deployable": job(state, made, row.pipeline, row.job) if has_job else None,  # type: ignore[arg-type]
        "status": row.status,
    }
