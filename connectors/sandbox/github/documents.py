"""Renders accounts, repositories, teams, labels and commits as GitHub does; what is nested is kept as bytes."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import msgspec

from connectors.sandbox.catalogue import STAGING_WORKFLOW
from connectors.sandbox.commits import Commit, Signature
from connectors.sandbox.github.state import GitHubState, RepositoryState, TeamState
from connectors.sandbox.parameters import ORGANISATION
from connectors.sandbox.people import Person

API = "https://api.github.example"
WEB = "https://github.example"
"""Addresses in bodies are those of a fixed host, so that equal states give equal bytes on any port."""

ORGANISATION_NUMBER = 5_500_001
Document = dict[str, Any]
encode = msgspec.json.encode

LABEL_COLOURS = {"incident": "b60205", "hotfix": "d93f0b", "bug": "d73a4a", "production-defect": "e99695"}
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
REPOSITORY_LINKS = (
    "forks",
    "keys{/key_id}",
    "collaborators{/collaborator}",
    "teams",
    "hooks",
    "issues/events{/number}",
    "events",
    "assignees{/user}",
    "branches{/branch}",
    "tags",
    "git/blobs{/sha}",
    "git/tags{/sha}",
    "git/refs{/sha}",
    "git/trees{/sha}",
    "statuses/{sha}",
    "languages",
    "stargazers",
    "contributors",
    "subscribers",
    "subscription",
    "commits{/sha}",
    "git/commits{/sha}",
    "comments{/number}",
    "issues/comments{/number}",
    "contents/{+path}",
    "compare/{base}...{head}",
    "merges",
    "{archive_format}{/ref}",
    "downloads",
    "issues{/number}",
    "pulls{/number}",
    "milestones{/number}",
    "notifications{?since,all,participating}",
    "labels{/name}",
    "releases{/id}",
    "deployments",
)
LINK_NAMES = {
    "issues/events{/number}": "issue_events_url",
    "git/blobs{/sha}": "blobs_url",
    "git/tags{/sha}": "git_tags_url",
    "git/refs{/sha}": "git_refs_url",
    "git/trees{/sha}": "trees_url",
    "git/commits{/sha}": "git_commits_url",
    "issues/comments{/number}": "issue_comment_url",
    "{archive_format}{/ref}": "archive_url",
}


@lru_cache(maxsize=100_000)
def stamp(instant: int) -> str:
    """An instant as GitHub writes it."""
    return datetime.fromtimestamp(instant, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def stamp_or_none(instant: int | None) -> str | None:
    """An instant, or null."""
    return None if instant is None else stamp(instant)


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
            known = self._repositories[repository.name] = msgspec.Raw(
                encode(self.full_repository(repository))
            )
        return known

    def full_repository(self, repository: RepositoryState) -> Document:
        """A repository with every field."""
        path = f"repos/{repository.name}"
        open_items = sum(item.closed_at is None for item in repository.items.values())
        return minimal_repository(repository) | {
            "git_url": f"git://github.example/{repository.name}.git",
            "ssh_url": f"git@github.example:{repository.name}.git",
            "clone_url": f"{WEB}/{repository.name}.git",
            "svn_url": f"{WEB}/{repository.name}",
            "homepage": None,
            "mirror_url": None,
            "created_at": stamp(repository.created_at),
            "updated_at": stamp(repository.updated_at),
            "pushed_at": stamp(repository.pushed_at),
            "size": len(repository.commits),
            "stargazers_count": 0,
            "watchers_count": 0,
            "language": "Python",
            "has_issues": True,
            "has_projects": False,
            "has_downloads": True,
            "has_wiki": False,
            "has_pages": False,
            "has_discussions": False,
            "forks_count": 0,
            "archived": False,
            "disabled": False,
            "open_issues_count": open_items,
            "license": None,
            "allow_forking": False,
            "is_template": False,
            "web_commit_signoff_required": False,
            "topics": [],
            "visibility": "private",
            "forks": 0,
            "open_issues": open_items,
            "watchers": 0,
            "default_branch": "main",
            "url": f"{API}/{path}",
        }

    def team(self, team: TeamState) -> Document:
        """A team with the one above it."""
        parent = self.state.teams[team.parent] if team.parent is not None else None
        return plain_team(team) | {"parent": plain_team(parent) if parent is not None else None}

    def organisation(self) -> Document:
        """The organisation itself."""
        return organisation() | {
            "name": ORGANISATION.title(),
            "company": None,
            "is_verified": False,
            "has_organization_projects": True,
            "has_repository_projects": True,
            "public_repos": 0,
            "total_private_repos": len(self.state.repositories),
            "followers": 0,
            "following": 0,
            "html_url": f"{WEB}/{ORGANISATION}",
            "created_at": "2019-03-01T09:00:00Z",
            "updated_at": "2025-01-15T10:00:00Z",
            "type": "Organization",
        }

    def commit(self, repository: RepositoryState, commit: Commit) -> Document:
        """A commit as the commits endpoints give it."""
        path = f"{API}/repos/{repository.name}"
        page = f"{WEB}/{repository.name}/commit"
        return {
            "sha": commit.sha,
            "node_id": f"C_{commit.sha}",
            "commit": {
                "author": signature(commit.author),
                "committer": signature(commit.committer),
                "message": commit.message,
                "tree": {"sha": commit.tree.sha, "url": f"{path}/git/trees/{commit.tree.sha}"},
                "url": f"{path}/git/commits/{commit.sha}",
                "comment_count": 0,
                "verification": unsigned(),
            },
            "url": f"{path}/commits/{commit.sha}",
            "html_url": f"{page}/{commit.sha}",
            "comments_url": f"{path}/commits/{commit.sha}/comments",
            "author": self.account_of(commit.author),
            "committer": self.account_of(commit.committer),
            "parents": [
                {"sha": sha, "url": f"{path}/commits/{sha}", "html_url": f"{page}/{sha}"}
                for sha in commit.parents
            ],
        }

    def commit_in_detail(self, repository: RepositoryState, commit: Commit) -> Document:
        """One commit with the files that it wrote."""
        files = [
            {
                "sha": f"{revision:040x}",
                "filename": path,
                "status": "modified",
                "additions": 1,
                "deletions": 1,
                "changes": 2,
                "blob_url": f"{WEB}/{repository.name}/blob/{commit.sha}/{path}",
                "raw_url": f"{WEB}/{repository.name}/raw/{commit.sha}/{path}",
                "contents_url": f"{API}/repos/{repository.name}/contents/{path}?ref={commit.sha}",
                "patch": f"@@ -2 +2 @@\n+revision = {revision}",
            }
            for path, revision in commit.revisions.items()
        ]
        stats = {"total": 2 * len(files), "additions": len(files), "deletions": len(files)}
        return self.commit(repository, commit) | {"stats": stats, "files": files}


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


def organisation() -> Document:
    """The organisation as nested."""
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
    }


OWNER = msgspec.Raw(encode(user(Person(ORGANISATION_NUMBER, ORGANISATION, ORGANISATION, "", "Organization"))))


def minimal_repository(repository: RepositoryState) -> Document:
    """A repository as nested in workflow runs."""
    url = f"{API}/repos/{repository.name}"
    return {
        "id": repository.number,
        "node_id": f"R_{repository.number}",
        "name": repository.name.partition("/")[2],
        "full_name": repository.name,
        "private": True,
        "owner": OWNER,
        "html_url": f"{WEB}/{repository.name}",
        "description": f"Simulated repository {repository.name}",
        "fork": False,
        "url": url,
        **{link_name(tail): f"{url}/{tail}" for tail in REPOSITORY_LINKS},
    }


def link_name(tail: str) -> str:
    """The field that holds a link."""
    return LINK_NAMES.get(tail, f"{tail.partition('{')[0].partition('/')[0]}_url")


def plain_team(team: TeamState) -> Document:
    """A team without its parent."""
    url = f"{API}/organizations/{ORGANISATION_NUMBER}/team/{team.number}"
    return {
        "id": team.number,
        "node_id": f"T_{team.number}",
        "name": team.slug.replace("-", " ").title(),
        "slug": team.slug,
        "description": "",
        "privacy": "closed",
        "notification_setting": "notifications_enabled",
        "url": url,
        "html_url": f"{WEB}/orgs/{ORGANISATION}/teams/{team.slug}",
        "members_url": f"{url}/members{{/member}}",
        "repositories_url": f"{url}/repos",
        "permission": "pull",
    }


def label(repository: RepositoryState, name: str) -> Document:
    """A label of a repository."""
    return {
        "id": 4_000_000_000 + sum(name.encode()) * 31 + len(name),
        "node_id": f"LA_{name}",
        "url": f"{API}/repos/{repository.name}/labels/{name}",
        "name": name,
        "color": LABEL_COLOURS.get(name, "ededed"),
        "default": name == "bug",
        "description": None,
    }


def signature(written: Signature) -> Document:
    """Who and when, in a commit."""
    return {"name": written.name, "email": written.email, "date": stamp(written.at)}


def unsigned() -> Document:
    """No commit is signed."""
    return {"verified": False, "reason": "unsigned", "signature": None, "payload": None, "verified_at": None}


def workflow_number(repository: RepositoryState, workflow: str) -> int:
    """A workflow's number: fixed by repository and name."""
    return repository.number % 1_000_000 * 10 + (2 if workflow == STAGING_WORKFLOW else len(workflow) % 2)
