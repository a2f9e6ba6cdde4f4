"""Renders commits as GitHub does."""

from connectors.sandbox.commits import Commit, Signature
from connectors.sandbox.github.accounts import API, WEB, Document, stamp
from connectors.sandbox.github.rendering import Renderer
from connectors.sandbox.github.state import RepositoryState


def commit(render: Renderer, repository: RepositoryState, made: Commit) -> Document:
    """A commit as the commits endpoints give it."""
    path = f"{API}/repos/{repository.name}"
    page = f"{WEB}/{repository.name}/commit"
    return {
        "sha": made.sha,
        "node_id": f"C_{made.sha}",
        "commit": {
            "author": signature(made.author),
            "committer": signature(made.committer),
            "message": made.message,
            "tree": {"sha": made.tree.sha, "url": f"{path}/git/trees/{made.tree.sha}"},
            "url": f"{path}/git/commits/{made.sha}",
            "comment_count": 0,
            "verification": unsigned(),
        },
        "url": f"{path}/commits/{made.sha}",
        "html_url": f"{page}/{made.sha}",
        "comments_url": f"{path}/commits/{made.sha}/comments",
        "author": render.account_of(made.author),
        "committer": render.account_of(made.committer),
        "parents": [
            {"sha": sha, "url": f"{path}/commits/{sha}", "html_url": f"{page}/{sha}"} for sha in made.parents
        ],
    }


def commit_in_detail(render: Renderer, repository: RepositoryState, made: Commit) -> Document:
    """One commit with the files that it wrote."""
    files = [
        {
            "sha": f"{revision:040x}",
            "filename": path,
            "status": "modified",
            "additions": 1,
            "deletions": 1,
            "changes": 2,
            "blob_url": f"{WEB}/{repository.name}/blob/{made.sha}/{path}",
            "raw_url": f"{WEB}/{repository.name}/raw/{made.sha}/{path}",
            "contents_url": f"{API}/repos/{repository.name}/contents/{path}?ref={made.sha}",
            "patch": f"@@ -2 +2 @@\n+revision = {revision}",
        }
        for path, revision in made.revisions.items()
    ]
    stats = {"total": 2 * len(files), "additions": len(files), "deletions": len(files)}
    return commit(render, repository, made) | {"stats": stats, "files": files}


def signature(written: Signature) -> Document:
    """Who and when, in a commit."""
    return {"name": written.name, "email": written.email, "date": stamp(written.at)}


def unsigned() -> Document:
    """No commit is signed."""
    return {"verified": False, "reason": "unsigned", "signature": None, "payload": None, "verified_at": None}
