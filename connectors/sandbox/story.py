"""The stage: a clock, a queue of waiting processes, the timeline that they write and the chronicle behind it.

A process is a generator that yields the next instant at which it wants to go on. The stage wakes processes
in the order of their instants, so that the timeline is written in order and numbers are given out as things
happen.
"""

import heapq
import itertools
import random
from collections import Counter
from collections.abc import Generator

from connectors.sandbox.catalogue import Repository, Service
from connectors.sandbox.chronicle import Change, Chronicle, Rollout
from connectors.sandbox.commits import Commit, Signature, make_commit
from connectors.sandbox.company import Company
from connectors.sandbox.events import Event
from connectors.sandbox.people import BOTS, Person

Process = Generator[int, None, None]


class Codebase:
    """A repository while the story goes on: its main branch and the next number of its work items."""

    def __init__(self, repository: Repository, services: tuple[Service, ...], chance: random.Random) -> None:
        self.repository = repository
        self.services = services
        self.chance = chance
        self.mainline: list[Commit] = []
        self._numbers = itertools.count(1)
        self._revisions = itertools.count(1)

    @property
    def name(self) -> str:
        """Full name of the repository."""
        return self.repository.name

    @property
    def head(self) -> Commit:
        """The newest commit of the main branch."""
        return self.mainline[-1]

    @property
    def position(self) -> int:
        """Place of the head on the main branch."""
        return len(self.mainline) - 1

    def next_number(self) -> int:
        """Issues and pull requests share one sequence."""
        return next(self._numbers)

    def revised(self, paths: list[str]) -> dict[str, int]:
        """New revisions of files."""
        return {path: next(self._revisions) for path in paths}

    def commit(
        self,
        *,
        parents: tuple[Commit, ...],
        revisions: dict[str, int],
        author: Signature,
        committer: Signature,
        message: str,
    ) -> Commit:
        """Make a commit on any branch."""
        return make_commit(
            parents=parents, revisions=revisions, author=author, committer=committer, message=message
        )


class Story:
    """The stage on which the processes of one organisation play.

    Attributes:
        members: Logins by team, as of now.
        waiting: Merged changes by service that no rollout brought to users yet.
        running: What runs in production by service.
        busy: Services in the middle of a rollout or of mending one.
        held: Services whose rollouts wait until somebody lets go.
    """

    def __init__(self, company: Company) -> None:
        self.company = company
        self.parameters = company.parameters
        self.now = company.parameters.starts_at
        self.events: list[Event] = []
        self.chronicle = Chronicle()
        self.people: dict[str, Person] = {person.login: person for person in (*company.people, *BOTS)}
        self.members: dict[str, list[str]] = {}
        self.running: dict[str, Rollout] = {}
        self.busy: set[str] = set()
        self.held: Counter[str] = Counter()
        self.waiting: dict[str, list[Change]] = {service.name: [] for service in company.services}
        self.codebases = {
            repository.name: Codebase(
                repository,
                tuple(service for service in company.services if service.repository == repository.name),
                self.chance(repository.name),
            )
            for repository in company.repositories
        }
        self._queue: list[tuple[int, int, Process]] = []
        self._turns = itertools.count()
        self._deployments = itertools.count(31_000_001, 3)
        self._builds = itertools.count(8_800_000_017, 11)
        self._releases = itertools.count(4_200_013, 13)

    def chance(self, name: str) -> random.Random:
        """A generator of its own for each part of the story, so that one does not disturb another."""
        return random.Random(f"{self.parameters.seed}/{name}")

    def tell(self, event: Event) -> None:
        """Write an event into the timeline; its instant is now."""
        if event.at != self.now:
            raise ValueError(f"An event of {event.at} cannot be told at {self.now}: {event}.")
        self.events.append(event)

    def start(self, process: Process, at: int) -> None:
        """Let a process begin at an instant, now at the earliest."""
        heapq.heappush(self._queue, (max(at, self.now), next(self._turns), process))

    def run(self) -> None:
        """Play until the story's end or until nobody waits."""
        ends_at = self.parameters.ends_at
        queue, turns = self._queue, self._turns
        while queue and queue[0][0] < ends_at:
            self.now, _, process = heapq.heappop(queue)
            wake_at = next(process, None)
            if wake_at is not None:
                heapq.heappush(queue, (max(wake_at, self.now), next(turns), process))
        queue.clear()

    def next_deployment(self) -> int:
        """The number of the next part of a rollout, as the deployment tool counts."""
        return next(self._deployments)

    def next_build(self) -> int:
        """The number of the next pipeline run."""
        return next(self._builds)

    def next_release(self) -> int:
        """The number of the next release."""
        return next(self._releases)

    def team_of(self, service: Service) -> list[str]:
        """Logins of those who own a service now; everybody if the team is empty."""
        members = self.members.get(self.company.owner_at(service.name, self.now), [])
        return members or [login for logins in self.members.values() for login in logins]
