"""Renders accounts, the organisation and teams as GitHub does."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import msgspec

from connectors.sandbox.github.state import TeamState
from connectors.sandbox.parameters import ORGANISATION
from connectors.sandbox.people import Person

API = "https://api.github.example"
WEB = "https://github.example"
"""Addresses in bodies are those of a fixed host, so that equal states give equal bytes on any port."""

ORGANISATION_NUMBER = 5_500_001
Document = dict[str, Any]
encode = msgspec.json.encode

USER_LINKS = {
    "followers_url": "/followers",
    "following_url": "/following{/other_user}",
    "gists_url": "/gists{/gist_id}",
    "starred_url": "/starred{/owner}{/repo}",
    "subscriptions_url": "/subscriptions",
    "organizations_url": "/orgs",
    "repos_url": "/repos",
    "events_url": "/events{/privacy}",
    "received_events_url": "/received_events",
}


@lru_cache(maxsize=100_000)
def stamp(instant: int) -> str:
    """An instant as GitHub writes it."""
    return datetime.fromtimestamp(instant, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def stamp_or_none(instant: int | None) -> str | None:
    """An instant, or null."""
    return None if instant is None else stamp(instant)


def user(person: Person) -> Document:
    """An account as nested in other objects."""
    url = f"{API}/users/{person.login.replace('[', '%5B').replace(']', '%5D')}"
    page = f"apps/{person.login.removesuffix('[bot]')}" if person.account_type == "Bot" else person.login
    return {
        "login": person.login,
        "id": person.number,
        "node_id": f"U_{person.number}",
        "avatar_url": f"https://avatars.github.example/u/{person.number}?v=4",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{WEB}/{page}",
        **{name: url + tail for name, tail in USER_LINKS.items()},
        "type": person.account_type,
        "user_view_type": "public",
        "site_admin": False,
    }


OWNER = msgspec.Raw(encode(user(Person(ORGANISATION_NUMBER, ORGANISATION, ORGANISATION, "", "Organization"))))


def organisation(*, repositories: int) -> Document:
    """The organisation with its number of repositories."""
    url = f"{API}/orgs/{ORGANISATION}"
    return {
        "login": ORGANISATION,
        "id": ORGANISATION_NUMBER,
        "node_id": f"O_{ORGANISATION_NUMBER}",
        "url": url,
        "repos_url": f"{url}/repos",
        "events_url": f"{url}/events",
        "hooks_url": f"{url}/hooks",
        "issues_url": f"{url}/issues",
        "members_url": f"{url}/members{{/member}}",
        "public_members_url": f"{url}/public_members{{/member}}",
        "avatar_url": f"https://avatars.github.example/u/{ORGANISATION_NUMBER}?v=4",
        "description": "A simulated organisation",
        "name": ORGANISATION.title(),
        "company": "",
        "archived_at": None,
        "public_gists": 0,
        "is_verified": False,
        "has_organization_projects": True,
        "has_repository_projects": True,
        "public_repos": 0,
        "total_private_repos": repositories,
        "followers": 0,
        "following": 0,
        "html_url": f"{WEB}/{ORGANISATION}",
        "created_at": "2019-03-01T09:00:00Z",
        "updated_at": "2025-01-15T10:00:00Z",
        "type": "Organization",
    }


def plain_team(team: TeamState) -> Document:
    """A team without its parent."""
    url = f"{API}/organizations/{ORGANISATION_NUMBER}/team/{team.number}"
    return {
        "id": team.number,
        "node_id": f"T_{team.number}",
        "name": team.slug.replace("-", " ").title(),
        "slug": team.slug,
        "description": "",
        "type": "organization",
        "privacy": "closed",
        "notification_setting": "notifications_enabled",
        "url": url,
        "html_url": f"{WEB}/orgs/{ORGANISATION}/teams/{team.slug}",
        "members_url": f"{url}/members{{/member}}",
        "repositories_url": f"{url}/repos",
        "permission": "pull",
    }
