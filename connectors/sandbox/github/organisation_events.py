"""How joining, leaving, reorganisations and new repositories change what GitHub shows."""

from collections.abc import Callable
from typing import Any

from connectors.sandbox import events
from connectors.sandbox.github.state import GitHubState, RepositoryState, TeamState


def person_joined(state: GitHubState, event: events.PersonJoined) -> None:
    """An account exists; of a person, in a team."""
    person = state.people[event.login]
    if event.team is not None:
        state.teams[event.team].members.append(event.login)
    if person.account_type == "User":
        state.members.append(event.login)


def person_moved(state: GitHubState, event: events.PersonMovedTeam) -> None:
    """A person is in another team."""
    state.teams[event.from_team].members.remove(event.login)
    state.teams[event.to_team].members.append(event.login)


def person_left(state: GitHubState, event: events.PersonLeft) -> None:
    """A person is in no team; perhaps the account is gone."""
    state.teams[event.team].members.remove(event.login)
    state.members.remove(event.login)
    if event.is_account_deleted:
        state.deleted.add(event.login)


def team_formed(state: GitHubState, event: events.TeamFormed) -> None:
    """A team exists."""
    number = 9_000_001 + len(state.teams)
    state.teams[event.team] = TeamState(number, event.team, event.parent)


def reorganised(state: GitHubState, event: events.ReorganisationHappened) -> None:
    """Teams have other parents; who owns a service, GitHub does not know."""
    for team, parent in event.team_moves:
        if team in state.teams:
            state.teams[team].parent = parent


def repository_created(state: GitHubState, event: events.RepositoryCreated) -> None:
    """A repository exists, with its first commits."""
    created_at = event.commits[0].committer.at
    number = 600_000_001 + 7 * len(state.repositories)
    repository = RepositoryState(
        event.repository, number, created_at, event.at, event.at, event.commits[-1].sha
    )
    repository.commits.update((commit.sha, commit) for commit in event.commits)
    state.repositories[event.repository] = repository


HANDLERS: dict[type[events.Event], Callable[[GitHubState, Any], None]] = {
    events.PersonJoined: person_joined,
    events.PersonMovedTeam: person_moved,
    events.PersonLeft: person_left,
    events.TeamFormed: team_formed,
    events.ReorganisationHappened: reorganised,
    events.RepositoryCreated: repository_created,
}
