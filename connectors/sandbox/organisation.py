"""The simulated organisation as its users see it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from connectors.sandbox.company import Company, found
from connectors.sandbox.drop_files import write_drops
from connectors.sandbox.events import Event
from connectors.sandbox.git_export import write_repositories
from connectors.sandbox.github.fold import GitHubFold
from connectors.sandbox.level_truth import LevelTruth, levels
from connectors.sandbox.ownership_files import write_ownership
from connectors.sandbox.parameters import Parameters
from connectors.sandbox.revelation import truth_of
from connectors.sandbox.roster_files import write_roster
from connectors.sandbox.settings import CODE_KINDS, settings_document
from connectors.sandbox.simulation import play
from connectors.sandbox.story import Story
from connectors.sandbox.truth import Truth


def simulate(
    *,
    seed: int = 7,
    factor: int = 1,
    months: int = 12,
    until: date = date(2026, 7, 1),
    services: int | None = None,
    unreferenced_share: float = 0.15,
) -> "Organisation":
    """Found an organisation; its story is played when something of it is first asked for.

    Args:
        seed: Seed of every random choice.
        factor: 1 to 100; multiplies services, repositories, teams and people.
        months: Length of the story.
        until: First day after the story.
        services: Number of services, for small organisations; by default 17 times the factor.
        unreferenced_share: Share of change failures without an explicit reference.
    """
    return Organisation(
        Parameters(
            seed=seed,
            factor=factor,
            months=months,
            until=until,
            services=services,
            unreferenced_share=unreferenced_share,
        )
    )


class Organisation:
    """A simulated organisation: one timeline of events, every API a fold over it, and the truth behind it."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    @cached_property
    def company(self) -> Company:
        """Teams, people, services and their changes to come; cheap, nothing is played for it."""
        return found(self.parameters)

    @cached_property
    def _story(self) -> Story:
        return play(self.company)

    @property
    def starts_at(self) -> datetime:
        """First instant of the story."""
        return datetime.fromtimestamp(self.parameters.starts_at, UTC)

    @property
    def ends_at(self) -> datetime:
        """First instant after the story."""
        return datetime.fromtimestamp(self.parameters.ends_at, UTC)

    @property
    def timeline(self) -> Sequence[Event]:
        """Every event, in order."""
        return self._story.events

    def as_of(self, instant: datetime) -> "OrganisationAt":
        """The organisation as the world knows it at an instant, inclusive."""
        return OrganisationAt(self, int(instant.timestamp()))

    def truth(self, *, kinds: Sequence[str] = CODE_KINDS) -> Truth:
        """What was simulated, known at the end of the story; see `OrganisationAt.truth`."""
        return self.as_of(self.ends_at).truth(kinds=kinds)

    def levels(self) -> list[LevelTruth]:
        """What each objective comes to in each month, known at the end of the story."""
        return list(levels(self.company, self.timeline))

    def write_git(self, folder: Path) -> list[Path]:
        """Write bare clones as of the story's end; see `OrganisationAt.write_git`."""
        return self.as_of(self.ends_at).write_git(folder)

    def settings_document(
        self,
        *,
        base_url: str,
        git_folder: Path | str,
        files_folder: Path | str = "files",
        kinds: Sequence[str] = CODE_KINDS,
    ) -> dict[str, Any]:
        """What `assay.yml` says about this organisation; see `connectors.sandbox.settings`."""
        return settings_document(
            self.company, base_url=base_url, git_folder=git_folder, files_folder=files_folder, kinds=kinds
        )


@dataclass(frozen=True, slots=True)
class OrganisationAt:
    """An organisation at an instant, in epoch seconds."""

    organisation: Organisation
    instant: int

    def github(self) -> GitHubFold:
        """Its GitHub, folded up to the instant; it can be moved on."""
        fold = GitHubFold(self.organisation.company, self.organisation.timeline)
        fold.move_to(self.instant)
        return fold

    def truth(self, *, kinds: Sequence[str] = CODE_KINDS) -> Truth:
        """What was simulated, as far as its traces can be read at the instant in sources of these kinds."""
        story = self.organisation._story  # noqa: SLF001  # the truth is the story's own chronicle
        return truth_of(
            self.organisation.company, story.chronicle, story.events, at=self.instant, kinds=kinds
        )

    def write_git(self, folder: Path) -> list[Path]:
        """Write bare clones as `<folder>/<owner>/<name>.git`, with main branch, open branches and tags.

        Returns:
            The repositories' paths.

        Raises:
            GitExportError: Git failed, or made another commit of a main branch than the story.
        """
        timeline, company = self.organisation.timeline, self.organisation.company
        return write_repositories(company, timeline, folder, until=self.instant)

    def write_files(self, folder: Path, *, clones: Path) -> None:
        """Write what the organisation exports: rosters, drops, and into the clones who owns what.

        Args:
            folder: Where the exports go: `roster.csv`, `leave.csv`, `drops/…`.
            clones: The clones as `write_git` wrote them; catalogs and CODEOWNERS stand there on a branch of
                their own.
        """
        timeline, company = self.organisation.timeline, self.organisation.company
        write_roster(company, timeline, folder, until=self.instant)
        write_drops(company, timeline, folder / "drops", until=self.instant)
        write_ownership(company, timeline, clones, until=self.instant)
