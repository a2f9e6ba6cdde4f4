"""Branches: writing commits, pushing them, and rewriting what was pushed."""

import random
from dataclasses import dataclass, field

from connectors.sandbox.builds import continuous_integration
from connectors.sandbox.catalogue import Service
from connectors.sandbox.commits import Commit, Signature
from connectors.sandbox.drawing import happens
from connectors.sandbox.events import CommitsPushed
from connectors.sandbox.people import Person
from connectors.sandbox.story import Codebase, Story
from connectors.sandbox.working_time import DAY, MINUTE

MODULES = (
    "handlers",
    "models",
    "storage",
    "routes",
    "pricing",
    "sessions",
    "limits",
    "retries",
    "exports",
    "schedule",
    "audit",
    "queues",
    "views",
    "auth",
)
NEUTRAL_PATHS = ("README.md", "docs/overview.md", "docs/übersicht.md", "deploy/settings.yml")
WRONG_CLOCK_SHARE = 0.003
WRONG_CLOCK_AHEAD = 6 * DAY


@dataclass(slots=True)
class OwnCommit:
    """A commit that its author wrote on a branch.

    Attributes:
        services: Names of the services whose paths it touches.
        seen_at: When a server first showed it; None where nothing but the commit tells.
    """

    commit: Commit
    services: frozenset[str]
    seen_at: int | None
    is_update_from_main: bool = False

    @property
    def committed_at(self) -> int:
        """First time a server saw it, else what the committer's computer said."""
        return self.commit.committer.at if self.seen_at is None else self.seen_at


@dataclass(slots=True)
class Branch:
    """A branch off the main branch."""

    code: Codebase
    name: str
    author: Person
    forked_at: int
    own: list[OwnCommit] = field(default_factory=list)

    @property
    def tip(self) -> Commit:
        """The newest commit; of an empty branch, where it left the main branch."""
        return self.own[-1].commit if self.own else self.code.mainline[self.forked_at]

    @property
    def written(self) -> list[OwnCommit]:
        """What the author wrote, without updates from the main branch."""
        return [own for own in self.own if not own.is_update_from_main]

    def revisions(self) -> dict[str, int]:
        """Every file that the branch wrote, with its last revision."""
        merged: dict[str, int] = {}
        for own in self.written:
            merged.update(own.commit.revisions)
        return merged


def branch_off(code: Codebase, name: str, author: Person) -> Branch:
    """Start a branch at the head of the main branch."""
    return Branch(code, name, author, forked_at=code.position)


def sign(person: Person, at: int) -> Signature:
    """Who and when, by the person's own clock."""
    return Signature(person.name, person.email, at, person.offset_minutes)


def paths_of(code: Codebase, services: tuple[Service, ...]) -> list[str]:
    """Files that a commit on these services writes: at least one in the folders of each."""
    chance = code.chance
    if not code.repository.is_monorepo:
        names = chance.sample(MODULES, chance.choice((1, 1, 2, 3)))
        paths = [f"src/{name}.py" for name in names]
        return [*paths, f"tests/test_{names[0]}.py"] if happens(chance, 0.4) else paths
    paths = [f"services/{service.name}/{chance.choice(MODULES)}.py" for service in services]
    if not paths or happens(chance, 0.1):
        paths.append(chance.choice(NEUTRAL_PATHS))
    return paths


def write(story: Story, branch: Branch, *, services: tuple[Service, ...], message: str) -> OwnCommit:
    """Write a commit on a branch; nobody else sees it yet."""
    chance = branch.code.chance
    at = story.now
    if not branch.code.repository.has_ci and happens(chance, WRONG_CLOCK_SHARE):
        at += WRONG_CLOCK_AHEAD
    commit = branch.code.commit(
        parents=(branch.tip,),
        revisions=branch.code.revised(paths_of(branch.code, services)),
        author=sign(branch.author, at - chance.choice((0, 0, 0, 7 * MINUTE))),
        committer=sign(branch.author, at),
        message=message,
    )
    own = OwnCommit(commit, frozenset(service.name for service in services), seen_at=None)
    branch.own.append(own)
    return own


def push(story: Story, branch: Branch, own: list[OwnCommit], *, kept: int | None = None) -> None:
    """Push commits; a repository with continuous integration builds the newest a few seconds later.

    Args:
        story: The stage.
        branch: Where to.
        own: The new commits, oldest first.
        kept: For a forced push, how many of the branch's commits stay.
    """
    code = branch.code
    story.tell(
        CommitsPushed(
            story.now,
            code.name,
            branch.name,
            branch.author.login,
            tuple(row.commit for row in own),
            is_forced=kept is not None,
            kept=kept or 0,
        )
    )
    if code.repository.has_ci:
        own[-1].seen_at = start_build(
            story, code, own[-1].commit, branch=branch.name, actor=branch.author.login
        )


def start_build(story: Story, code: Codebase, commit: Commit, *, branch: str, actor: str) -> int:
    """Let the build of a pushed commit begin in a few seconds; returns the instant."""
    at = story.now + code.chance.randrange(1, 6)
    title = commit.message.partition("\n")[0]
    story.start(
        continuous_integration(story, code, commit_sha=commit.sha, branch=branch, title=title, actor=actor),
        at,
    )
    return at


def rewrite(story: Story, branch: Branch) -> None:
    """Replace pushed commits by a forced push.

    With continuous integration only the newest is amended, so that every commit that stays was built;
    without, all are written again, committed at the moment of the push.
    """
    kept = len(branch.own) - 1 if branch.code.repository.has_ci else 0
    replaced = branch.own[kept:]
    del branch.own[kept:]
    fresh = []
    for row in replaced:
        commit = branch.code.commit(
            parents=(branch.tip,),
            revisions=branch.code.revised(list(row.commit.revisions)),
            author=row.commit.author,
            committer=sign(branch.author, story.now),
            message=row.commit.message,
        )
        branch.own.append(OwnCommit(commit, row.services, seen_at=None))
        fresh.append(branch.own[-1])
    push(story, branch, fresh, kept=kept)


def update_from_main(story: Story, branch: Branch) -> None:
    """Merge the main branch into the branch, as authors do before a merge."""
    code = branch.code
    incoming: dict[str, int] = {}
    for commit in code.mainline[branch.forked_at + 1 :]:
        incoming.update(commit.revisions)
    if not incoming:
        return
    signature = sign(branch.author, story.now)
    commit = code.commit(
        parents=(branch.tip, code.head),
        revisions=incoming | branch.revisions(),
        author=signature,
        committer=signature,
        message=f"Merge branch 'main' into {branch.name}",
    )
    branch.forked_at = code.position
    branch.own.append(OwnCommit(commit, frozenset(), seen_at=None, is_update_from_main=True))
    push(story, branch, branch.own[-1:])


def random_sha(chance: random.Random) -> str:
    """An object id that nothing has: a test merge, long collected."""
    return f"{chance.getrandbits(160):040x}"
