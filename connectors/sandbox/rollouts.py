"""Bringing a commit to production: parts, attempts, and the trace that each mechanism leaves."""

import random
from collections.abc import Generator

from connectors.sandbox.builds import run_jobs
from connectors.sandbox.catalogue import DEPLOY_WORKFLOW, STAGING_WORKFLOW, Service
from connectors.sandbox.chronicle import Part, Rollout
from connectors.sandbox.drawing import happens
from connectors.sandbox.events import (
    BuildStarted,
    DeploymentStarted,
    DeploymentStatusChanged,
    ReleasePublished,
    TagCreated,
)
from connectors.sandbox.people import PIPELINE_BOT, RELEASE_BOT
from connectors.sandbox.story import Codebase, Story
from connectors.sandbox.working_time import MINUTE

FAILED_ATTEMPT_SHARE = 0.05
RETRIED_SHARE = 0.65
STAGING_FAILURE_SHARE = 0.03
DEPLOY_JOBS = (("build", 40, 200), ("deploy", 90, 900))

Attempt = Generator[int, None, bool]


def roll_out(story: Story, rollout: Rollout, *, is_certain: bool) -> Generator[int, None, bool]:
    """Bring a rollout to users and write down what it carried; returns whether it reached them.

    Args:
        story: The stage.
        rollout: What to roll out; its parts are filled in.
        is_certain: Whether a failed attempt is always repeated.
    """
    service, code = rollout.service, story.codebases[rollout.service.repository]
    story.chronicle.rollouts.append(rollout)
    if not rollout.is_rollback:
        rollout.changes = [row for row in story.waiting[service.name] if row.position <= rollout.position]
    if service.mechanism in ("releases", "tags"):
        publish(story, code, rollout)
    else:
        yield from in_parts(story, code, rollout, is_certain=is_certain)
    if not rollout.is_reached:
        return False
    for change in rollout.changes:
        change.rollout = rollout
    story.waiting[service.name] = [row for row in story.waiting[service.name] if row.rollout is None]
    story.running[service.name] = rollout
    return True


def next_rollout(story: Story, service: Service) -> Rollout:
    """What would be rolled out now: the head of the main branch."""
    code = story.codebases[service.repository]
    return Rollout(service, code.head.sha, code.position, replaces=story.running.get(service.name))


def again(running: Rollout) -> Rollout:
    """The same commit once more: a restart, another configuration."""
    return Rollout(running.service, running.commit_sha, running.position, replaces=running)


def back_from(broken: Rollout) -> Rollout:
    """Back to what ran before."""
    before = broken.replaces
    if before is None:
        raise ValueError(f"Nothing ran before {broken.commit_sha} of {broken.service.name}.")
    return Rollout(broken.service, before.commit_sha, before.position, replaces=broken, is_rollback=True)


def in_parts(
    story: Story, code: Codebase, rollout: Rollout, *, is_certain: bool
) -> Generator[int, None, None]:
    """One part after the other; a part that fails is tried again, or given up."""
    chance = code.chance
    names = rollout.service.parts or (None,)
    for index, name in enumerate(names):
        if index:
            yield story.now + chance.randrange(4 * MINUTE, 25 * MINUTE)
        is_doomed = not rollout.is_rollback and happens(chance, FAILED_ATTEMPT_SHARE)
        if not is_doomed:
            yield from attempt(story, code, rollout, part=name, is_success=True)
            continue
        yield from attempt(story, code, rollout, part=name, is_success=False)
        if is_certain or happens(chance, RETRIED_SHARE):
            yield story.now + chance.randrange(3 * MINUTE, 35 * MINUTE)
            yield from attempt(story, code, rollout, part=name, is_success=True)
        elif index == 0:
            return


def attempt(story: Story, code: Codebase, rollout: Rollout, *, part: str | None, is_success: bool) -> Attempt:
    """One attempt at one part, by the service's mechanism."""
    play = MECHANISMS[rollout.service.mechanism]
    return play(story, code, rollout, part=part, is_success=is_success)


def by_deployment(
    story: Story, code: Codebase, rollout: Rollout, *, part: str | None, is_success: bool
) -> Attempt:
    """A deployment with a history of statuses."""
    service, number = rollout.service, story.next_deployment()
    written = Part(f"deployment:{number}", story.now)
    rollout.parts.append(written)
    yield from deployment(
        story,
        code,
        service,
        number=number,
        environment=service.environment,
        commit_sha=rollout.commit_sha,
        part=part,
        is_success=is_success,
    )
    written.finished_at, written.is_success = story.now, is_success
    return is_success


def deployment(
    story: Story,
    code: Codebase,
    service: Service,
    *,
    number: int,
    environment: str,
    commit_sha: str,
    part: str | None,
    is_success: bool,
) -> Generator[int, None, None]:
    """Start a deployment in any environment and tell its statuses."""
    is_production = environment == service.environment
    story.tell(
        DeploymentStarted(
            story.now,
            number,
            service.name,
            code.name,
            environment,
            is_production,
            commit_sha,
            service.task or "deploy",
            part,
            PIPELINE_BOT.login,
        )
    )
    yield story.now + code.chance.randrange(2, 40)
    story.tell(DeploymentStatusChanged(story.now, number, code.name, "in_progress"))
    yield story.now + code.chance.randrange(90, 14 * MINUTE)
    failed = "failure" if happens(code.chance, 0.7) else "error"
    story.tell(DeploymentStatusChanged(story.now, number, code.name, "success" if is_success else failed))  # type: ignore[arg-type]


def by_pipeline(
    story: Story, code: Codebase, rollout: Rollout, *, part: str | None, is_success: bool
) -> Attempt:
    """A run of the deploying workflow; a repeated attempt is the same run again, or a new one."""
    del part
    failed = rollout.parts[-1] if rollout.parts else None
    if failed is not None and happens(code.chance, 0.5):
        written, attempt_number = failed, 2
    else:
        written, attempt_number = Part(f"run:{story.next_build()}", story.now), 1
        rollout.parts.append(written)
    number = int(written.identifier.partition(":")[2])
    yield from pipeline(
        story,
        code,
        number=number,
        workflow=DEPLOY_WORKFLOW,
        rollout=rollout,
        attempt_number=attempt_number,
        is_success=is_success,
    )
    written.finished_at, written.is_success = story.now, is_success
    return is_success


def pipeline(
    story: Story,
    code: Codebase,
    *,
    number: int,
    workflow: str,
    rollout: Rollout,
    attempt_number: int,
    is_success: bool,
) -> Generator[int, None, None]:
    """One run of a workflow that deploys."""
    story.tell(
        BuildStarted(
            story.now,
            number,
            code.name,
            workflow,
            rollout.commit_sha,
            "main",
            workflow,
            PIPELINE_BOT.login,
            attempt_number,
            "workflow_dispatch",
        )
    )
    conclusion = "success" if is_success else "failure"
    yield from run_jobs(story, code, number=number, conclusion=conclusion, jobs=DEPLOY_JOBS)  # type: ignore[arg-type]


MECHANISMS = {"deployments": by_deployment, "workflow_runs": by_pipeline}


def publish(story: Story, code: Codebase, rollout: Rollout) -> None:
    """Tag the commit with the next version; a release where the service is rolled out by releases."""
    rollout.version = next_version(code.chance, rollout)
    text = "Back to what ran before." if rollout.is_rollback else "What changed: see the commits."
    story.tell(TagCreated(story.now, code.name, rollout.version, rollout.commit_sha, RELEASE_BOT.login, text))
    identifier = f"tag:{rollout.version}"
    if rollout.service.mechanism == "releases":
        number = story.next_release()
        identifier = f"release:{number}"
        released = ReleasePublished(
            story.now, number, code.name, rollout.version, rollout.commit_sha, RELEASE_BOT.login, text
        )
        story.tell(released)
    rollout.parts.append(Part(identifier, story.now, story.now, is_success=True))


def next_version(chance: random.Random, rollout: Rollout) -> str:
    """The version after the one that it replaces; a rollback and a hotfix raise the last number."""
    if rollout.replaces is None or rollout.replaces.version is None:
        return "v1.0.0"
    major, minor, patch = (int(number) for number in rollout.replaces.version[1:].split("."))
    is_small = rollout.is_rollback or any(row.is_hotfix for row in rollout.changes)
    if not is_small and happens(chance, 0.05):
        return f"v{major + 1}.0.0"
    return f"v{major}.{minor}.{patch + 1}" if is_small else f"v{major}.{minor + 1}.0"


def stage(story: Story, rollout: Rollout) -> Generator[int, None, bool]:
    """Try a rollout in the staging environment; returns whether it may go on."""
    service, code = rollout.service, story.codebases[rollout.service.repository]
    is_success = not happens(code.chance, STAGING_FAILURE_SHARE)
    if service.mechanism == "workflow_runs":
        yield from pipeline(
            story,
            code,
            number=story.next_build(),
            workflow=STAGING_WORKFLOW,
            rollout=rollout,
            attempt_number=1,
            is_success=is_success,
        )
    else:
        yield from deployment(
            story,
            code,
            service,
            number=story.next_deployment(),
            environment="staging",
            commit_sha=rollout.commit_sha,
            part=None,
            is_success=is_success,
        )
    return is_success
