"""Bringing work to the main branch: squash, merge, rebase, direct pushes; and which changes each brings."""

from dataclasses import dataclass, field

from connectors.sandbox.branches import Branch, push, random_sha, sign, start_build
from connectors.sandbox.catalogue import MergeMethod, Service
from connectors.sandbox.chronicle import Change
from connectors.sandbox.commits import Commit
from connectors.sandbox.drawing import happens
from connectors.sandbox.events import PullRequestMerged
from connectors.sandbox.people import WEB_FLOW, Person
from connectors.sandbox.story import Story

STALE_SHARE = 0.2
STALE_UNTIL = 0.35
"""Recorded merge commits may be stale in the first part of the story only."""


@dataclass(frozen=True, slots=True)
class Merged:
    """Work that reached the main branch."""

    number: int | None
    main_sha: str
    services: tuple[Service, ...]
    changes: tuple[Change, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Work:
    """What a piece of work is, as far as its merge and the truth need to know."""

    services: tuple[Service, ...]
    title: str
    is_hotfix: bool = False
    fixes_defect: bool = False


def merge(
    story: Story, branch: Branch, work: Work, *, number: int, actor: Person, method: MergeMethod
) -> Merged:
    """Merge a pull request by a method and write down the changes that it brings."""
    code = branch.code
    made = MERGING[method](story, branch, work, number=number, actor=actor)
    code.mainline.extend(made)
    main_sha = made[-1].sha
    age = (story.now - story.parameters.starts_at) / (story.parameters.ends_at - story.parameters.starts_at)
    is_stale = age < STALE_UNTIL and happens(code.chance, STALE_SHARE)
    recorded = random_sha(code.chance) if is_stale else main_sha
    story.tell(
        PullRequestMerged(story.now, code.name, number, actor.login, method, main_sha, tuple(made), recorded)
    )
    if code.repository.has_ci:
        start_build(story, code, made[-1], branch="main", actor=actor.login)
    in_graph = [commit.sha for commit in made] * (method == "rebase") or [
        own.commit.sha for own in branch.written
    ]
    if method == "squash":
        in_graph = [main_sha] * len(branch.written)
    changes = written_down(story, branch, work, number=number, main_sha=main_sha, in_graph=in_graph)
    return Merged(number, main_sha, work.services, changes)


def squashed(story: Story, branch: Branch, work: Work, *, number: int, actor: Person) -> list[Commit]:
    """One new commit of everything."""
    del actor
    bullets = "\n\n".join(f"* {own.commit.message}" for own in branch.written)
    return [
        branch.code.commit(
            parents=(branch.code.head,),
            revisions=branch.revisions(),
            author=sign(branch.author, story.now),
            committer=sign(WEB_FLOW, story.now),
            message=f"{work.title} (#{number})\n\n{bullets}",
        )
    ]


def joined(story: Story, branch: Branch, work: Work, *, number: int, actor: Person) -> list[Commit]:
    """A merge commit; the branch's own commits come with it."""
    return [
        branch.code.commit(
            parents=(branch.code.head, branch.tip),
            revisions=branch.revisions(),
            author=sign(actor, story.now),
            committer=sign(WEB_FLOW, story.now),
            message=f"Merge pull request #{number} from acme/{branch.name}\n\n{work.title}",
        )
    ]


def rebased(story: Story, branch: Branch, work: Work, *, number: int, actor: Person) -> list[Commit]:
    """Each commit again on top of the main branch."""
    del work, number
    made: list[Commit] = []
    for own in branch.written:
        made.append(
            branch.code.commit(
                parents=(made[-1] if made else branch.code.head,),
                revisions=own.commit.revisions,
                author=own.commit.author,
                committer=sign(actor, story.now),
                message=own.commit.message,
            )
        )
    return made


MERGING = {"squash": squashed, "merge": joined, "rebase": rebased}


def push_to_main(story: Story, branch: Branch, work: Work) -> Merged:
    """Push the branch's one commit to the main branch without a pull request."""
    code = branch.code
    own = branch.own[0]
    code.mainline.append(own.commit)
    push(story, branch, [own])
    sha = own.commit.sha
    changes = written_down(story, branch, work, number=None, main_sha=sha, in_graph=[sha])
    return Merged(None, sha, work.services, changes)


def written_down(
    story: Story, branch: Branch, work: Work, *, number: int | None, main_sha: str, in_graph: list[str]
) -> tuple[Change, ...]:
    """The changes of a merge, each waiting for a rollout of its service."""
    touched = {name for own in branch.written for name in own.services}
    changes = tuple(
        Change(
            service=name,
            repository=branch.code.name,
            commit_sha=own.commit.sha,
            main_sha=main_sha,
            graph_sha=sha,
            position=branch.code.position,
            pull_request=number,
            author=branch.author.login,
            is_bot=branch.author.is_bot,
            committed_at=own.committed_at,
            is_author_settable=own.seen_at is None,
            merged_at=story.now,
            is_hotfix=work.is_hotfix,
            fixes_defect=work.fixes_defect,
            touches_one_service=len(touched) == 1,
        )
        for own, sha in zip(branch.written, in_graph, strict=True)
        for name in sorted(own.services)
    )
    for row in changes:
        story.chronicle.changes.append(row)
        story.waiting[row.service].append(row)
    return changes
