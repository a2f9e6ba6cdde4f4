"""Pipeline runs: a build of each push, and the pipelines that deploy."""

import random
from collections.abc import Generator

from connectors.sandbox.catalogue import CI_WORKFLOW
from connectors.sandbox.drawing import draw, happens
from connectors.sandbox.events import BuildFinished, BuildStarted, Conclusion, Job
from connectors.sandbox.story import Codebase, Process, Story

CI_JOBS = (("lint", 40, 120), ("test", 150, 900))
PACKAGE_JOB = ("package", 60, 240)
CONCLUSIONS: tuple[tuple[Conclusion, float], ...] = (("success", 0.9), ("failure", 0.08), ("cancelled", 0.02))


def continuous_integration(
    story: Story, code: Codebase, *, commit_sha: str, branch: str, title: str, actor: str
) -> Process:
    """Build one commit; some failures are flaky and are run again under the same number."""
    number = story.next_build()
    conclusion = draw(code.chance, CONCLUSIONS)
    jobs = (*CI_JOBS, PACKAGE_JOB) if branch == "main" else CI_JOBS
    for attempt in (1, 2):
        story.tell(
            BuildStarted(story.now, number, code.name, CI_WORKFLOW, commit_sha, branch, title, actor, attempt)
        )
        yield from run_jobs(story, code, number=number, conclusion=conclusion, jobs=jobs)
        if attempt > 1 or conclusion != "failure" or not happens(code.chance, 0.4):
            return
        yield story.now + code.chance.randrange(60, 3000)
        conclusion = "success"


def run_jobs(
    story: Story,
    code: Codebase,
    *,
    number: int,
    conclusion: Conclusion,
    jobs: tuple[tuple[str, int, int], ...],
) -> Generator[int, None, int]:
    """Run jobs side by side and tell how the run ended; its end is the end of the last job."""
    started_at = story.now
    done = tuple(
        job(code.chance, started_at, row, conclusion if index == len(jobs) - 1 else "success")
        for index, row in enumerate(jobs)
    )
    ends_at = max(row.finished_at for row in done)
    yield ends_at
    story.tell(BuildFinished(story.now, number, code.name, conclusion, done))
    return ends_at


def job(chance: random.Random, started_at: int, row: tuple[str, int, int], conclusion: Conclusion) -> Job:
    """One job that waits a few seconds for a runner."""
    name, shortest, longest = row
    begins_at = started_at + chance.randrange(2, 15)
    return Job(name, begins_at, begins_at + chance.randrange(shortest, longest), conclusion)
