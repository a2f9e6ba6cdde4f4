"""Companies in which nothing is wrong: fifty stories, each told by other tools and read at other instants."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from connectors.sandbox.settings import CODE_KINDS
from tests.house.company import END, Company, company
from tests.house.every_source import clock_at

SEEDS = range(1, 51)
SAMPLED = (7, 28)
_ALWAYS = (*CODE_KINDS, "jira", "pagerduty")
_BY_TURNS = (
    ("circleci", "argocd"),
    ("jenkins", "datadog"),
    ("scim", "roster", "backstage", "codeowners", "drops"),
    ("gitlab",),
    ("alertmanager",),
)


@dataclass(frozen=True, slots=True)
class Story:
    """One clean company, and when it is read.

    Attributes:
        seed: Seed of its story.
        kinds: What tells it.
        services: How many services it has.
        months: How long the story is.
        instants: When it is read, the second time some days after the first.
    """

    seed: int
    kinds: tuple[str, ...]
    services: int
    months: int
    instants: tuple[datetime, datetime]

    @classmethod
    def of(cls, seed: int) -> "Story":
        """The story of a seed."""
        apart = timedelta(days=1 + seed % 12, hours=seed % 23, minutes=seed)
        return cls(
            seed,
            _ALWAYS + _BY_TURNS[seed % len(_BY_TURNS)],
            services=2 + seed % 3,
            months=2 + seed % 2,
            instants=(END - apart, END),
        )


@contextmanager
def clean_company(story: Story, folder: Path) -> Iterator[Company]:
    """Serve a story as it stands at its first instant."""
    at = story.instants[0]
    with (
        clock_at(at),
        company(
            folder,
            at=at,
            kinds=story.kinds,
            seed=story.seed,
            services=story.services,
            months=story.months,
        ) as acme,
    ):
        yield acme
