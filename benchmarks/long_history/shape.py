"""How much there is of everything, and when it happens: numbers decide all, nothing is drawn."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

BEGINS_AT = datetime(2025, 7, 1, tzinfo=UTC)
DAYS = 365
DAY_SECONDS = 86_400
HOUR_SECONDS = 3_600
JOBS_PER_PULL_REQUEST = 10
ISSUES_PER_PULL_REQUEST = 2
MERGES_PER_DEPLOYMENT = 10
DEPLOYMENTS_PER_INCIDENT = 12
BEGIN = int(BEGINS_AT.timestamp())


@dataclass(frozen=True, slots=True)
class Shape:
    """The size of the history: factor 100 has a million pull requests and ten million jobs in a year."""

    factor: int

    @property
    def pull_requests(self) -> int:
        """One commit on the main branch each, and one pipeline of ten jobs."""
        return 10_000 * self.factor

    @property
    def issues(self) -> int:
        """Of which every second one changes its status twice, the others three times."""
        return ISSUES_PER_PULL_REQUEST * self.pull_requests

    @property
    def repositories(self) -> int:
        """Each is a service."""
        return max(10, 2 * self.factor)

    @property
    def teams(self) -> int:
        """Each owns some services."""
        return max(5, self.repositories // 5)

    @property
    def people(self) -> int:
        """Two hundred pull requests a year each."""
        return max(20, 50 * self.factor)

    @property
    def projects(self) -> int:
        """Of work items."""
        return max(4, self.factor)

    def opened_at(self, number: int) -> int:
        """Epoch seconds at which a pull request is opened; they follow each other evenly."""
        return BEGIN + number * DAYS * DAY_SECONDS // self.pull_requests

    def merged_at(self, number: int) -> int:
        """Epoch seconds of its merge, after a time that its repository takes: the order stays."""
        return (
            self.opened_at(number)
            + (4 + 5 * (number % self.repositories) % 44) * HOUR_SECONDS
            + number % 3_000
        )

    def issue_opened_at(self, number: int) -> int:
        """Epoch seconds at which an issue is created."""
        return BEGIN + number * DAYS * DAY_SECONDS // self.issues

    def deploys(self, number: int) -> bool:
        """Whether a deployment follows the merge of a pull request."""
        return number // self.repositories % MERGES_PER_DEPLOYMENT == MERGES_PER_DEPLOYMENT - 1

    def fails(self, number: int) -> bool:
        """Whether the deployment that follows causes an incident."""
        turn = number // self.repositories // MERGES_PER_DEPLOYMENT
        return self.deploys(number) and turn % DEPLOYMENTS_PER_INCIDENT == number % DEPLOYMENTS_PER_INCIDENT

    def repository(self, number: int) -> str:
        """The repository of a pull request."""
        return f"acme/service-{number % self.repositories:04d}"

    def of_repository(self, repository: int, *, below: int) -> range:
        """The numbers of a repository's pull requests below one."""
        return range(repository, below, self.repositories)


def sha_of(number: int) -> str:
    """The commit that a pull request is merged as."""
    return hashlib.sha1(b"%d" % number, usedforsecurity=False).hexdigest()


def iso(epoch_seconds: int) -> str:
    """An instant as GitHub and GitLab write it."""
    return datetime.fromtimestamp(epoch_seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def jira_iso(epoch_seconds: int) -> str:
    """An instant as Jira writes it."""
    return datetime.fromtimestamp(epoch_seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
