"""A GitHub of a few records that tests change as they like, over real HTTP, and extraction from it."""

from collections.abc import Callable
from typing import Any

from connectors.committer import BatchLimits
from connectors.evidence import EvidenceStore
from connectors.github.config import GitHubConfig
from connectors.github.source import GitHubSource
from connectors.http.retries import RetryPolicy
from connectors.reports import StreamReport
from tests.connectors.workspace import FakeTime
from tests.replay.lists import ListServer, Record
from tests.replay.loopback import LoopbackServer, Request, Response

REPOSITORY = "acme/shop"
TOKEN = "ghp_planted"

Fault = Callable[[Request], Response | None]


class SmallGitHub:
    """Lists that stand in memory.

    Attributes:
        lists: Records by path.
        documents: Bodies of single objects by path.
        fault: Answers instead of the lists where it returns something.
    """

    def __init__(self, path: str = "") -> None:
        self.lists: dict[str, list[Record]] = {}
        self.documents: dict[str, bytes] = {}
        self.fault: Fault = lambda _: None
        self._path = path
        self._lists = ListServer(self.lists, self.documents)
        self.server = LoopbackServer(self._answer, path=path)

    def put(self, name: str, *items: dict[str, Any], repository: str = REPOSITORY) -> None:
        """Replace a list of a repository."""
        self.lists[f"/repos/{repository}/{name}"] = [Record.of(item) for item in items]

    def source(self, store: EvidenceStore, time: FakeTime, **settings: Any) -> GitHubSource:
        """A source that reads it."""
        limits = settings.pop("limits", None)
        policy = settings.pop("policy", None) or RetryPolicy(max_attempts=3)
        defaults: dict[str, Any] = {"repositories": (REPOSITORY,), "token": TOKEN, "concurrency": 4}
        config = GitHubConfig(name="github", base_url=self.server.base_url, **(defaults | settings))
        return GitHubSource(config, store=store, runtime=time.runtime(), policy=policy, limits=limits)

    def extract(
        self,
        store: EvidenceStore,
        stream: str,
        *,
        time: FakeTime | None = None,
        run_id: str = "run",
        **settings: Any,
    ) -> StreamReport:
        """Extract one stream."""
        return self.source(store, time or FakeTime(), **settings).extract(stream, run_id=run_id)

    def asked(self) -> list[str]:
        """Targets asked for since the last time this was called."""
        targets = self.server.targets()
        self.server.requests.clear()
        return targets

    def _answer(self, request: Request) -> Response:
        path = request.path.removeprefix(self._path)
        plain = Request(request.method, request.target, path, request.query, request.headers)
        return self.fault(plain) or self._lists.answer(plain)


SMALL_BATCHES = BatchLimits(pages=2)


def instant(minute: int, *, day: int = 1) -> str:
    """An instant in October 2026."""
    return f"2026-10-{day:02d}T{minute // 60:02d}:{minute % 60:02d}:00Z"


def pull(number: int, *, updated: int) -> dict[str, Any]:
    """A pull request that was last updated at a minute."""
    return {
        "id": 1000 + number,
        "number": number,
        "created_at": instant(number % 1440),
        "updated_at": instant(updated),
    }
