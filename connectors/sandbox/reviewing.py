"""Tells of every pull request what the timeline says about it: its commits, its reviews, what it names."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from connectors.sandbox import events as told
from connectors.sandbox.chronicle import Chronicle
from connectors.sandbox.commits import Commit
from connectors.sandbox.company import INCIDENT_REPOSITORY, Company
from connectors.sandbox.people import BOTS
from connectors.sandbox.work_truth import PullRequestTruth

_MENTION = re.compile(r"(?:([\w.-]+/[\w.-]+))?#(\d+)")

Name = tuple[str, int]


@dataclass(slots=True)
class Proposed:
    """A pull request as the timeline tells of it."""

    opened: told.PullRequestOpened
    commits: list[Commit]
    reviews: list[told.ReviewSubmitted] = field(default_factory=list)
    merged_at: int | None = None


@dataclass(slots=True)
class Retelling:
    """The timeline so far: branches by repository and name, pull requests and work items by number."""

    branches: dict[tuple[str, str], list[Commit]] = field(default_factory=dict)
    proposals: dict[Name, Proposed] = field(default_factory=dict)
    items: set[Name] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    """Logins whose accounts were deleted."""

    def take(self, event: told.Event) -> None:
        """Note what an event says about pull requests and work items."""
        if isinstance(event, told.CommitsPushed):
            commits = self.branches.setdefault((event.repository, event.branch), [])
            if event.is_forced:
                del commits[event.kept :]
            commits.extend(event.commits)
        elif isinstance(event, told.PullRequestOpened):
            commits = self.branches[event.repository, event.branch]
            self.proposals[event.repository, event.number] = Proposed(event, commits)
        elif isinstance(event, told.ReviewSubmitted):
            self.proposals[event.repository, event.number].reviews.append(event)
        elif isinstance(event, told.PullRequestMerged | told.PullRequestClosed):
            proposed = self.proposals[event.repository, event.number]
            proposed.merged_at = event.at if isinstance(event, told.PullRequestMerged) else None
            self.branches.pop((event.repository, proposed.opened.branch))
        elif isinstance(event, told.PersonLeft) and event.is_account_deleted:
            self.gone.add(event.login)
        elif isinstance(event, told.IssueOpened):
            self.items.add((event.repository, event.number))
        elif isinstance(event, told.IncidentOpened):
            self.items.add((INCIDENT_REPOSITORY, event.number))


def pull_requests(
    company: Company, chronicle: Chronicle, timeline: Sequence[told.Event], at: int
) -> Iterator[PullRequestTruth]:
    """Every pull request that was opened by an instant."""
    retelling = Retelling()
    for event in timeline:
        if event.at > at:
            break
        retelling.take(event)
    touched: dict[Name, set[str]] = defaultdict(set)
    for change in chronicle.changes:
        if change.pull_request is not None:
            touched[change.repository, change.pull_request].add(change.service)
    bots = {person.login for person in (*company.people, *BOTS) if person.is_bot}
    for name, proposed in retelling.proposals.items():
        yield _pull_request(proposed, tuple(sorted(touched[name])), retelling, bots)


def _pull_request(
    proposed: Proposed, services: tuple[str, ...], retelling: Retelling, bots: set[str]
) -> PullRequestTruth:
    opened, merged_at = proposed.opened, proposed.merged_at
    reviews = [
        review.at
        for review in proposed.reviews
        if review.reviewer not in bots
        and review.reviewer != opened.author
        and (review.state != "COMMENTED" or not {review.reviewer, opened.author} <= retelling.gone)
        and (merged_at is None or review.at <= merged_at)
    ]
    files = {path for commit in proposed.commits for path in commit.revisions}
    return PullRequestTruth(
        repository=opened.repository,
        number=opened.number,
        author=opened.author,
        is_bot=opened.author in bots,
        services=services,
        opened_at=opened.at,
        merged_at=merged_at,
        first_review_at=min(reviews, default=None),
        review_rounds=_rounds(reviews, [commit.committer.at for commit in proposed.commits]),
        is_linked=bool(_mentions(opened) & retelling.items),
        changed_lines=2 * len(files),
    )


def _rounds(reviews: list[int], commits: list[int]) -> int:
    """Count the groups of reviews that no commit stands between."""
    return len({sum(commit <= review for commit in commits) for review in reviews})


def _mentions(opened: told.PullRequestOpened) -> set[Name]:
    found = _MENTION.findall(f"{opened.title}\n{opened.body}")
    return {(repository or opened.repository, int(number)) for repository, number in found}
