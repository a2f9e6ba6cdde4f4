"""The life of a pull request: written, opened, reviewed, reworked, merged or given up."""

import random
from collections.abc import Generator
from dataclasses import dataclass

from connectors.sandbox import wording
from connectors.sandbox.branches import Branch, branch_off, push, rewrite, update_from_main, write
from connectors.sandbox.catalogue import MergeMethod, Service
from connectors.sandbox.drawing import draw, happens
from connectors.sandbox.events import (
    CommentWritten,
    IssueClosed,
    PullRequestClosed,
    PullRequestOpened,
    PullRequestReadied,
    ReviewRequested,
    ReviewState,
    ReviewSubmitted,
)
from connectors.sandbox.merges import Merged, Work, merge
from connectors.sandbox.people import DEPENDABOT, RELEASE_BOT, REVIEW_BOT, Person
from connectors.sandbox.story import Codebase, Story
from connectors.sandbox.working_time import HOUR, MINUTE, after

FORCED_SHARE = 0.12
UPDATED_SHARE = 0.05
CHANGES_REQUESTED_SHARE = 0.25
REMARKED_SHARE = 0.25
PREVIEWED_SHARE = 0.08
PACES = ((0.5, 0.35), (1.2, 0.4), (3.0, 0.18), (12.0, 0.07))
"""How much longer than usual each step takes: some work lingers."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A pull request that somebody means to make.

    Attributes:
        work: What the merge and the truth need to know.
        commit_titles: One commit each.
        is_urgent: Made at any hour, reviewed at once.
        closes: Number of the work item that the merge closes.
    """

    work: Work
    author: Person
    branch: str
    body: str
    commit_titles: tuple[str, ...]
    labels: tuple[str, ...] = ()
    is_urgent: bool = False
    is_reviewed: bool = True
    is_draft: bool = False
    is_given_up: bool = False
    closes: int | None = None


@dataclass(slots=True)
class Conversation:
    """A pull request while it is open."""

    story: Story
    code: Codebase
    branch: Branch
    proposal: Proposal
    method: MergeMethod
    pace: float
    number: int = 0

    @property
    def chance(self) -> random.Random:
        """The repository's own generator."""
        return self.code.chance

    def later(self, mean_seconds: float) -> int:
        """When the next step happens: soon if urgent, else in working time."""
        if self.proposal.is_urgent:
            return self.story.now + 30 + int(self.chance.expovariate(12 / mean_seconds))
        return after(self.chance, self.story.now, mean_seconds * self.pace)


def live(story: Story, code: Codebase, proposal: Proposal) -> Generator[int, None, Merged | None]:
    """Play a pull request from the first commit to its end; returns the merge, None if it was given up."""
    talk = Conversation(
        story,
        code,
        branch_off(code, proposal.branch, proposal.author),
        proposal,
        draw(code.chance, code.repository.merge_methods),
        draw(code.chance, PACES),
    )
    before = max(1, round(len(proposal.commit_titles) * 0.6))
    yield from commits(talk, proposal.commit_titles[:before])
    yield from opened(talk)
    yield from commits(talk, proposal.commit_titles[before:])
    yield from discussed(talk)
    if proposal.is_given_up:
        yield talk.later(30 * HOUR)
        story.tell(PullRequestClosed(story.now, code.name, talk.number, proposal.author.login))
        return None
    return (yield from finished(talk))


def commits(talk: Conversation, titles: tuple[str, ...]) -> Generator[int, None, None]:
    """Write commits; each is pushed by itself where pushes are built, else they wait for a push together."""
    story, branch, pending = talk.story, talk.branch, []
    for index, text in enumerate(titles):
        if branch.own or index:
            yield talk.later(3 * HOUR)
        pending.append(write(story, branch, services=services_of(talk), message=text))
        yield story.now + talk.chance.randrange(20, 12 * MINUTE)
        if talk.code.repository.has_ci or index == len(titles) - 1 or happens(talk.chance, 0.5):
            push(story, branch, pending)
            pending = []


def services_of(talk: Conversation) -> tuple[Service, ...]:
    """The services that the next commit touches.

    A squash or a rebase must not hide which commit touched what, so there every commit touches all of them.
    """
    services = talk.proposal.work.services
    if talk.method != "merge" or len(services) < 2:  # noqa: PLR2004
        return services
    return tuple(talk.chance.sample(services, talk.chance.randint(1, len(services))))


def opened(talk: Conversation) -> Generator[int, None, None]:
    """Open the pull request, ask for a review, let the review bot speak."""
    story, proposal, code = talk.story, talk.proposal, talk.code
    yield talk.later(20 * MINUTE)
    talk.number = code.next_number()
    story.tell(
        PullRequestOpened(
            story.now,
            code.name,
            talk.number,
            proposal.author.login,
            proposal.work.title,
            proposal.body,
            proposal.branch,
            proposal.is_draft,
            proposal.labels,
        )
    )
    if code.repository.has_review_bot and not proposal.author.is_bot:
        yield story.now + talk.chance.randrange(40, 150)
        review(talk, REVIEW_BOT.login, "COMMENTED", "No style problems found.")
    elif happens(talk.chance, PREVIEWED_SHARE):
        yield story.now + talk.chance.randrange(200, 900)
        review(talk, RELEASE_BOT.login, "COMMENTED", "A preview is ready.")


def discussed(talk: Conversation) -> Generator[int, None, None]:
    """Rounds of review by people, with rework between them."""
    story, proposal, chance = talk.story, talk.proposal, talk.chance
    if proposal.is_draft:
        yield talk.later(20 * HOUR)
        story.tell(PullRequestReadied(story.now, talk.code.name, talk.number, proposal.author.login))
    if happens(chance, FORCED_SHARE) and not proposal.author.is_bot:
        yield talk.later(2 * HOUR)
        rewrite(story, talk.branch)
    reviewer = chosen_reviewer(talk)
    if not proposal.is_reviewed or reviewer is None:
        return
    story.tell(ReviewRequested(story.now, talk.code.name, talk.number, proposal.author.login, reviewer))
    yield talk.later(5 * HOUR)
    if happens(chance, CHANGES_REQUESTED_SHARE) and not proposal.author.is_bot:
        remarks = tuple(remark(talk) for _ in range(chance.randint(1, 3)))
        review(talk, reviewer, "CHANGES_REQUESTED", "A few things first.", remarks)
        yield from commits(talk, (f"Review: {wording.step(chance)}",))
        answer = CommentWritten(
            story.now, talk.code.name, talk.number, proposal.author.login, "Done, thanks."
        )
        story.tell(answer)
        yield talk.later(4 * HOUR)
    elif happens(chance, REMARKED_SHARE):
        review(talk, reviewer, "COMMENTED", "", (remark(talk),))
        yield talk.later(3 * HOUR)
    if not proposal.is_given_up:
        review(talk, reviewer, "APPROVED", chance.choice(("", "", "Looks good", "LGTM, danke schön!")))


def chosen_reviewer(talk: Conversation) -> str | None:
    """Somebody of the owning team, of another team once in a while; never the author."""
    services = talk.proposal.work.services or talk.code.services
    team = talk.story.team_of(services[0]) if happens(talk.chance, 0.9) else list(talk.story.people)[:40]
    others = [
        login for login in team if login != talk.proposal.author.login and not talk.story.people[login].is_bot
    ]
    return talk.chance.choice(others) if others else None


def remark(talk: Conversation) -> tuple[str, str]:
    """A comment on a line of a file that the branch changes."""
    return talk.chance.choice(sorted(talk.branch.revisions())), talk.chance.choice(wording.REMARKS)


def review(
    talk: Conversation,
    reviewer: str,
    state: ReviewState,
    body: str,
    comments: tuple[tuple[str, str], ...] = (),
) -> None:
    """Submit a review."""
    talk.story.tell(
        ReviewSubmitted(talk.story.now, talk.code.name, talk.number, reviewer, state, body, comments)
    )


def finished(talk: Conversation) -> Generator[int, None, Merged]:
    """Bring the branch up to date once in a while, then merge."""
    story, proposal, chance = talk.story, talk.proposal, talk.chance
    if talk.method != "rebase" and not proposal.is_urgent and happens(chance, UPDATED_SHARE):
        yield talk.later(HOUR)
        update_from_main(story, talk.branch)
    yield talk.later(2 * HOUR)
    merger = proposal.author
    if merger == DEPENDABOT or happens(chance, 0.2):
        merger = story.people[chosen_reviewer(talk) or talk.proposal.author.login]
    merged = merge(story, talk.branch, proposal.work, number=talk.number, actor=merger, method=talk.method)
    if proposal.closes is not None:
        closed = IssueClosed(
            story.now, talk.code.name, proposal.closes, merger.login, "completed", merged.main_sha
        )
        story.tell(closed)
    return merged
