"""What mends a broken service: hotfixes, reverts, and fixes that look like any other work."""

from collections.abc import Generator

from connectors.sandbox import wording
from connectors.sandbox.branches import branch_off, write
from connectors.sandbox.catalogue import Service
from connectors.sandbox.chronicle import Change, Incident
from connectors.sandbox.company import INCIDENT_REPOSITORY
from connectors.sandbox.drawing import happens
from connectors.sandbox.merges import Work, push_to_main
from connectors.sandbox.people import Person
from connectors.sandbox.pull_requests import Proposal, live
from connectors.sandbox.story import Story
from connectors.sandbox.working_time import MINUTE

MARKS = ("branch", "label", "title", "branch and label")


def somebody(story: Story, service: Service) -> Person:
    """One of those who own the service."""
    return story.people[story.codebases[service.repository].chance.choice(story.team_of(service))]


def hotfix(
    story: Story, service: Service, *, incident: Incident | None, culprit: Change | None
) -> Generator[int, None, None]:
    """Bring a hotfix to the main branch: by a marked pull request, or by a marked push where that is allowed.

    Args:
        story: The stage.
        service: What is broken.
        incident: The incident that the hotfix names, if it names one; then it may carry no other mark.
        culprit: The change that the hotfix names, if it names one.
    """
    code, chance = story.codebases[service.repository], story.codebases[service.repository].chance
    names = [f"Fixes {INCIDENT_REPOSITORY}#{incident.number}"] if incident else []
    if culprit is not None:
        by_number = culprit.pull_request is not None and happens(chance, 0.6)
        names.append(
            f"Regression introduced by #{culprit.pull_request}."
            if by_number
            else f"Broken since {culprit.graph_sha}."
        )
    mark = chance.choice((*MARKS, "none") if incident else MARKS)
    title = f"Fix {chance.choice(wording.THINGS)} {chance.choice(wording.PLACES)}"
    if happens(chance, code.repository.direct_push_share):
        yield story.now + chance.randrange(10 * MINUTE, 90 * MINUTE)
        branch = branch_off(code, "main", somebody(story, service))
        message = "\n\n".join((f"Hotfix: {title}", *names))
        write(story, branch, services=(service,), message=message)
        push_to_main(story, branch, Work((service,), title, is_hotfix=True))
        return
    if mark == "title":
        title = f"Hotfix: {title}"
    proposal = Proposal(
        work=Work((service,), title, is_hotfix=True),
        author=somebody(story, service),
        branch=("hotfix/" if "branch" in mark else "fix-")
        + wording.branch_name(chance, title.split(": ")[-1]),
        body="\n".join(("Users are affected.", *names)),
        commit_titles=(title,),
        labels=("hotfix",) if "label" in mark else (),
        is_urgent=True,
        is_reviewed=happens(chance, 0.6),
    )
    yield from live(story, code, proposal)


def revert(story: Story, service: Service, culprit: Change) -> Generator[int, None, None]:
    """Take the culprit's pull request back, worded as the hosting service does."""
    code = story.codebases[service.repository]
    title = f'Revert "{wording.THINGS[(culprit.pull_request or 0) % len(wording.THINGS)]}"'
    proposal = Proposal(
        work=Work((service,), title, is_hotfix=True),
        author=somebody(story, service),
        branch=f"revert-{culprit.pull_request}-{code.chance.randrange(10_000)}",
        body=f"Reverts {code.name}#{culprit.pull_request}",
        commit_titles=(f"{title}\n\nThis reverts commit {culprit.main_sha}.",),
        is_urgent=True,
        is_reviewed=happens(code.chance, 0.5),
    )
    yield from live(story, code, proposal)


def fix_forward(story: Story, service: Service) -> Generator[int, None, None]:
    """Mend it by a pull request that looks like any other and names nothing."""
    code = story.codebases[service.repository]
    title = wording.step(code.chance)
    proposal = Proposal(
        work=Work((service,), title),
        author=somebody(story, service),
        branch=wording.branch_name(code.chance, title),
        body=f"{title}.",
        commit_titles=(title,),
        is_urgent=happens(code.chance, 0.7),
    )
    yield from live(story, code, proposal)
