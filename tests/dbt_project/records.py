"""Records as GitHub and git give them, cut to what matters; every person in them can be looked for."""

from typing import Any

SECRET = "Quentin Zebrastripe"
"""A name that must not be found in the warehouse."""

SHA = {letter: letter * 40 for letter in "abcdef0123456789"}


def user(number: int, *, kind: str = "User") -> dict[str, Any]:
    """Return an account object."""
    return {"id": number, "login": f"zebrastripe-{number}", "type": kind, "node_id": f"U_{number}"}


def pull(number: int, *, updated: str = "2026-01-05T10:00:00Z", **changes: Any) -> dict[str, Any]:
    """Return a pull request of the list endpoint."""
    record: dict[str, Any] = {
        "id": 1000 + number,
        "number": number,
        "state": "open",
        "draft": False,
        "title": f"Work by {SECRET}",
        "body": f"{SECRET} says: nothing to see",
        "user": user(1),
        "labels": [{"name": "size/M"}],
        "created_at": "2026-01-05T09:00:00Z",
        "updated_at": updated,
        "closed_at": None,
        "merged_at": None,
        "merge_commit_sha": SHA["c"],
        "head": {"ref": f"{SECRET}/branch", "sha": SHA["a"], "repo": None},
        "base": {"ref": "main", "sha": SHA["b"], "repo": {"default_branch": "main"}},
    }
    return record | changes


def issue(number: int, *, updated: str = "2026-01-05T10:00:00Z", **changes: Any) -> dict[str, Any]:
    """Return an issue of the list endpoint."""
    record: dict[str, Any] = {
        "id": 5000 + number,
        "number": number,
        "state": "open",
        "state_reason": None,
        "title": f"{SECRET} reports",
        "body": None,
        "user": user(2),
        "labels": [],
        "created_at": "2026-01-05T09:00:00Z",
        "updated_at": updated,
        "closed_at": None,
    }
    return record | changes


def review(number: int, **changes: Any) -> dict[str, Any]:
    """Return a review."""
    record = {
        "id": number,
        "state": "APPROVED",
        "submitted_at": "2026-01-05T11:00:00Z",
        "user": user(3),
        "body": SECRET,
    }
    return record | changes


def api_commit(sha: str, *parents: str, message: str = SECRET, **changes: Any) -> dict[str, Any]:
    """Return a commit of the API."""
    person = {"name": SECRET, "email": "Zebrastripe@Example.com", "date": "2026-01-04T08:00:00Z"}
    record: dict[str, Any] = {
        "sha": sha,
        "parents": [{"sha": parent} for parent in parents],
        "commit": {
            "message": message,
            "author": person,
            "committer": person | {"date": "2026-01-04T09:00:00Z"},
        },
        "author": user(4),
        "committer": user(5),
    }
    return record | changes


def deployment(number: int, *, updated: str = "2026-01-05T12:00:00Z", **changes: Any) -> dict[str, Any]:
    """Return a deployment."""
    record: dict[str, Any] = {
        "id": number,
        "sha": SHA["a"],
        "ref": f"{SECRET}/branch",
        "environment": "production",
        "task": "deploy",
        "description": SECRET,
        "creator": user(6, kind="Bot"),
        "created_at": "2026-01-05T12:00:00Z",
        "updated_at": updated,
        "transient_environment": False,
        "production_environment": True,
    }
    return record | changes


def workflow_run(number: int, *, updated: str = "2026-01-05T12:00:00Z", **changes: Any) -> dict[str, Any]:
    """Return a workflow run."""
    record: dict[str, Any] = {
        "id": number,
        "name": "Deploy",
        "event": "push",
        "head_sha": SHA["a"],
        "head_branch": SECRET,
        "display_title": SECRET,
        "status": "completed",
        "conclusion": "success",
        "run_attempt": 1,
        "created_at": "2026-01-05T11:00:00Z",
        "run_started_at": "2026-01-05T11:00:10Z",
        "updated_at": updated,
        "actor": user(7),
    }
    return record | changes


def wrapped(key: str, *records: dict[str, Any]) -> dict[str, Any]:
    """Return a list as the Actions endpoints wrap it."""
    return {"total_count": len(records), key: list(records)}


def git_commit(
    sha: str,
    *,
    parents: str = "",
    name: bytes = SECRET.encode(),
    email: bytes = b"Zebrastripe@Example.com",
    message: bytes = SECRET.encode(),
    paths: bytes = b"src/app.py",
) -> bytes:
    """Return one record of `git log` as the git connector asks for it."""
    at = b"2026-01-04T09:00:00+01:00"
    fields = [
        sha.encode(),
        parents.encode(),
        name,
        email,
        at,
        name,
        email,
        at,
        message + b"\n",
        b"\n\n" + paths + b"\n",
    ]
    return b"\x1e" + b"\x1f".join(fields)


def git_tag(name: str, sha: str, *, peeled: str) -> bytes:
    """Return one record of `git for-each-ref` as the git connector asks for it."""
    fields = [name, sha, peeled, "2026-01-04T09:00:00+01:00", "commit", SECRET]
    return b"\x1e" + "\x1f".join(fields).encode() + b"\n"
