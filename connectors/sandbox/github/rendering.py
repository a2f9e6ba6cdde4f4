"""Renders what is nested in other objects once, and keeps it as bytes."""

import msgspec

from connectors.sandbox.commits import Signature
from connectors.sandbox.github.accounts import Document, encode, organisation, plain_team, user
from connectors.sandbox.github.repository_documents import full_repository
from connectors.sandbox.github.state import GitHubState, RepositoryState, TeamState


class Renderer:
    """Renders objects of one state; `forget` after the state moved."""

    def __init__(self, state: GitHubState) -> None:
        self.state = state
        self._users: dict[str, msgspec.Raw] = {}
        self._repositories: dict[str, msgspec.Raw] = {}

    def forget(self) -> None:
        """Drop what was rendered: accounts may be gone, repositories pushed to."""
        self._users.clear()
        self._repositories.clear()

    def user(self, login: str | None) -> msgspec.Raw:
        """A nested account; null if there is none any more."""
        key = login or ""
        known = self._users.get(key)
        if known is None:
            is_gone = login is None or login in self.state.deleted
            document = None if is_gone else user(self.state.people[key])
            known = self._users[key] = msgspec.Raw(encode(document))
        return known

    def account_of(self, signature: Signature) -> msgspec.Raw:
        """The account that an address in a commit belongs to; null if to none."""
        return self.user(self.state.emails.get(signature.email))

    def repository(self, repository: RepositoryState) -> msgspec.Raw:
        """A repository as nested in pull requests."""
        known = self._repositories.get(repository.name)
        if known is None:
            known = self._repositories[repository.name] = msgspec.Raw(encode(full_repository(repository)))
        return known

    def team(self, team: TeamState) -> Document:
        """A team with the one above it."""
        parent = self.state.teams[team.parent] if team.parent is not None else None
        return plain_team(team) | {"parent": plain_team(parent) if parent is not None else None}

    def organisation(self) -> Document:
        """The organisation itself."""
        return organisation(repositories=len(self.state.repositories))
