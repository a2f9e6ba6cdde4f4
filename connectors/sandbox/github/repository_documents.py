"""Renders repositories as GitHub does: whole, and as they are nested in runs."""

from connectors.sandbox.catalogue import STAGING_WORKFLOW
from connectors.sandbox.github.accounts import API, OWNER, WEB, Document, stamp
from connectors.sandbox.github.state import RepositoryState

LABEL_COLOURS = {"incident": "b60205", "hotfix": "d93f0b", "bug": "d73a4a", "production-defect": "e99695"}
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


def full_repository(repository: RepositoryState) -> Document:
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


def link_name(tail: str) -> str:
    """The field that holds a link."""
    return LINK_NAMES.get(tail, f"{tail.partition('{')[0].partition('/')[0]}_url")


def workflow_number(repository: RepositoryState, workflow: str) -> int:
    """A workflow's number: fixed by repository and name."""
    return repository.number % 1_000_000 * 10 + (2 if workflow == STAGING_WORKFLOW else len(workflow) % 2)


def label(repository: RepositoryState, name: str) -> Document:
    """A label of a repository."""
    return {
        "id": 4_000_000_000 + sum(name.encode()) * 31 + len(name),
        "node_id": f"LA_{name}",
        "url": f"{API}/repos/{repository.name}/labels/{name}",
        "name": name,
        "color": LABEL_COLOURS.get(name, "ededed"),
        "default": name == "bug",
        "description": "",
    }
