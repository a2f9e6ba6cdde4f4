"""Work that arrives by itself: pull requests, direct pushes, updates by bots, issues, planned reverts."""

import random

from connectors.sandbox import wording
from connectors.sandbox.branches import branch_off, write
from connectors.sandbox.catalogue import Service
from connectors.sandbox.drawing import draw, happens
from connectors.sandbox.events import IssueClosed, IssueOpened, IssueReopened
from connectors.sandbox.merges import Merged, Work, push_to_main
from connectors.sandbox.people import DEPENDABOT, Person
from connectors.sandbox.pull_requests import Proposal, live
from connectors.sandbox.story import Codebase, Process, Story
from connectors.sandbox.working_time import DAY, HOUR, after

MONTH = 30.4 * DAY
BOT_SHARE = 0.09
UNREVIEWED_SHARE = 0.06
DRAFT_SHARE = 0.1
GIVEN_UP_SHARE = 0.05
ISSUES_PER_PULL_REQUEST = 0.22
COMMIT_COUNTS = ((1, 0.5), (2, 0.28), (3, 0.14), (4, 0.08))
LABELS = ("enhancement", "chore", "documentation", "bug")
ISSUE_LABELS = (("bug", 0.4), ("enhancement", 0.35), ("production-defect", 0.25))
OLD_REVERT_AFTER = 20 * DAY


def work_arrives(story: Story, service: Service, starts_at: int) -> Process:
    """Pull requests and direct pushes on one service, from its first day on."""
    code, chance = story.codebases[service.repository], story.chance(f"work/{service.name}")
    yield after(chance, starts_at, DAY)
    while True:
        yield after(chance, story.now, MONTH / service.pull_requests_a_month)
        author = story.people[chance.choice(story.team_of(service))]
        services = touched(chance, code, service)
        if happens(chance, code.repository.direct_push_share):
            pushed_directly(story, code, services, author)
        elif happens(chance, BOT_SHARE):
            story.start(ignored(story, code, update(chance, services)), story.now)
        else:
            proposal = ordinary(chance, author, services)
            story.start(followed_up(story, code, proposal, service), story.now)


def touched(chance: random.Random, code: Codebase, service: Service) -> tuple[Service, ...]:
    """The services that a piece of work touches: usually one; in a monorepo sometimes two, or none."""
    if not code.repository.is_monorepo or len(code.services) == 1:
        return (service,)
    lot = chance.random()
    if lot < 0.06:  # noqa: PLR2004
        return ()
    if lot < 0.18:  # noqa: PLR2004
        other = chance.choice([row for row in code.services if row != service])
        return (service, other)
    return (service,)


def ordinary(chance: random.Random, author: Person, services: tuple[Service, ...]) -> Proposal:
    """An ordinary pull request."""
    title = wording.title(chance)
    count = draw(chance, COMMIT_COUNTS)
    return Proposal(
        work=Work(services, title),
        author=author,
        branch=wording.branch_name(chance, title),
        body=f"{title}.\r\n\r\nTested locally and in staging.",
        commit_titles=(title, *(wording.step(chance) for _ in range(count - 1))),
        labels=(chance.choice(LABELS),) if happens(chance, 0.4) else (),
        is_reviewed=not happens(chance, UNREVIEWED_SHARE),
        is_draft=happens(chance, DRAFT_SHARE),
        is_given_up=happens(chance, GIVEN_UP_SHARE),
    )


def update(chance: random.Random, services: tuple[Service, ...]) -> Proposal:
    """A bot raises a dependency."""
    package = chance.choice(wording.PACKAGES)
    title = f"Bump {package} to {chance.randrange(1, 9)}.{chance.randrange(30)}.{chance.randrange(9)}"
    return Proposal(
        work=Work(services, title),
        author=DEPENDABOT,
        branch=f"dependabot/{package}-{chance.randrange(10_000)}",
        body=f"Bumps {package}.",
        commit_titles=(title,),
        labels=("dependencies",),
        is_reviewed=happens(chance, 0.6),
        is_given_up=happens(chance, 0.15),
    )


def ignored(story: Story, code: Codebase, proposal: Proposal) -> Process:
    """Play a pull request whose outcome nobody waits for."""
    yield from live(story, code, proposal)


def followed_up(story: Story, code: Codebase, proposal: Proposal, service: Service) -> Process:
    """Play a pull request; a few are reverted before they reach users or long after, and break nothing."""
    merged = yield from live(story, code, proposal)
    if merged is None or not merged.changes or not merged.changes[0].touches_one_service:
        return
    lot, change = code.chance.random(), merged.changes[0]
    if lot < 0.03 and service.cadence != "continuous":  # noqa: PLR2004
        if change.rollout is None:
            yield from reverted(story, code, merged, proposal)
    elif lot > 0.985:  # noqa: PLR2004
        yield story.now + OLD_REVERT_AFTER + code.chance.randrange(20 * DAY)
        rollout = change.rollout
        if rollout and rollout.replaces and story.now - rollout.finished_at > OLD_REVERT_AFTER:
            yield from reverted(story, code, merged, proposal)


def reverted(story: Story, code: Codebase, merged: Merged, proposal: Proposal) -> Process:
    """Take a merge back while no rollout of the service comes between.

    What was never rolled out reaches users together with its revert; what was rolled out long ago is reverted
    by an ordinary rollout. In neither case is the revert a hotfix.
    """
    service = merged.changes[0].service
    if service in story.busy:
        return
    story.held[service] += 1
    yield from live(story, code, revert_of(code, merged, proposal))
    story.held[service] -= 1


def revert_of(code: Codebase, merged: Merged, proposal: Proposal) -> Proposal:
    """The pull request that takes a merge back, as the hosting service words it."""
    title = f'Revert "{proposal.work.title}"'
    lines = f"{title}\n\nThis reverts commit {merged.main_sha}."
    return Proposal(
        work=Work(merged.services, title),
        author=proposal.author,
        branch=f"revert-{merged.number}-{proposal.branch}",
        body=f"Reverts {code.name}#{merged.number}",
        commit_titles=(lines,),
        is_urgent=True,
        is_reviewed=False,
    )


def pushed_directly(story: Story, code: Codebase, services: tuple[Service, ...], author: Person) -> None:
    """Push one commit to the main branch without a pull request."""
    title = wording.title(code.chance)
    branch = branch_off(code, "main", author)
    write(story, branch, services=services, message=title)
    push_to_main(story, branch, Work(services, title))


def issues_arrive(story: Story, service: Service, starts_at: int) -> Process:
    """Work items of one service: wishes, bugs, and defects that users met in production."""
    code, chance = story.codebases[service.repository], story.chance(f"issues/{service.name}")
    yield after(chance, starts_at, 20 * DAY)
    while True:
        yield after(chance, story.now, MONTH / (service.pull_requests_a_month * ISSUES_PER_PULL_REQUEST))
        if all(row.name in story.running for row in code.services):
            story.start(issue(story, code, service), story.now)


def issue(story: Story, code: Codebase, service: Service) -> Process:
    """One work item: fixed by a pull request that names it, closed by hand, or left open."""
    chance, author = code.chance, chosen_author(story, code)
    label = draw(chance, ISSUE_LABELS)
    number, title = (
        code.next_number(),
        f"{chance.choice(wording.THINGS).capitalize()}: {chance.choice(wording.SYMPTOMS)}",
    )
    story.tell(IssueOpened(story.now, code.name, number, author, title, "Seen today.", (label,)))
    yield after(chance, story.now, 30 * HOUR)
    lot = chance.random()
    if lot < 0.7:  # noqa: PLR2004
        work = Work(
            (service,), f"Fix {title[0].lower()}{title[1:]}", fixes_defect=label == "production-defect"
        )
        proposal = Proposal(
            work=work,
            author=story.people[chance.choice(story.team_of(service))],
            branch=wording.branch_name(chance, f"fix {number}"),
            body=f"Fixes #{number}",
            commit_titles=(work.title,),
            closes=number,
        )
        yield from live(story, code, proposal)
        if happens(chance, 0.06):
            yield after(chance, story.now, 40 * HOUR)
            story.tell(IssueReopened(story.now, code.name, number, author))
    elif lot < 0.9:  # noqa: PLR2004
        yield after(chance, story.now, 200 * HOUR)
        story.tell(IssueClosed(story.now, code.name, number, author, "not_planned"))


def chosen_author(story: Story, code: Codebase) -> str:
    """Anybody who works on any service reports."""
    return code.chance.choice(story.team_of(code.chance.choice(story.company.services)))
