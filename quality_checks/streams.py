"""How a body of each stream looks, stated a second time on purpose.

Reconciliation counts records without asking the connectors or the models how they read a page: what is
written here comes from the vendors' documentation of the endpoints (and of `git log`), so that a mistake on
the other side shows as a difference. A test holds the names and modes against the connectors' declarations.
"""

from dataclasses import dataclass
from typing import Literal

Mode = Literal["upsert", "append", "replace_set"]
Shape = Literal["array", "array_or_object", "wrapped", "separated"]


@dataclass(frozen=True, slots=True)
class StreamContract:
    """One stream as reconciliation reads it.

    Attributes:
        kind: The kind of source.
        stream: The stream, which is also the source table.
        mode: How records of several pages combine.
        key: The field of a record that tells it from the others of its set.
        staged_key: The same key as an expression over the staging model.
        shape: An `array`; an array or one object (`array_or_object`: a listing, or each by itself); an object
            that has the array `wrapped`; or records `separated` by control bytes.
        wrapper: The name of that list.
        parent: The stream whose records fan out to this one.
        is_scoped: Whether a key is unique within its scope only (a commit stands in every clone).
        is_key_optional: Whether records without the key are told apart by their place alone.
        is_about_people: Whether the key is a person's account, which must not be kept in any form.
    """

    kind: str
    stream: str
    mode: Mode
    key: str
    staged_key: str
    shape: Shape = "array"
    wrapper: str | None = None
    parent: str | None = None
    is_scoped: bool = False
    is_key_optional: bool = False
    is_about_people: bool = False

    @property
    def raw(self) -> str:
        """The view over the stream's pages."""
        return f"raw.{self.kind}__{self.stream}"

    @property
    def staging(self) -> str:
        """The model that types the stream."""
        return f"staging.stg_{self.kind}__{self.stream}"

    @property
    def is_of_stream(self) -> str:
        """The condition that picks this stream from a table of many."""
        return f"kind = '{self.kind}' and stream = '{self.stream}'"


def _github(
    stream: str,
    mode: Mode,
    key: str,
    staged_key: str,
    *,
    shape: Shape = "array",
    wrapper: str | None = None,
    parent: str | None = None,
    is_scoped: bool = False,
    is_key_optional: bool = False,
    is_about_people: bool = False,
) -> StreamContract:
    return StreamContract(
        kind="github",
        stream=stream,
        mode=mode,
        key=key,
        staged_key=staged_key,
        shape=shape,
        wrapper=wrapper,
        parent=parent,
        is_scoped=is_scoped,
        is_key_optional=is_key_optional,
        is_about_people=is_about_people,
    )


STREAMS: tuple[StreamContract, ...] = (
    _github("repositories", "upsert", "id", "repository_id", shape="array_or_object"),
    _github("teams", "replace_set", "id", "team_id"),
    _github("team_members", "replace_set", "id", "member_token", parent="teams", is_about_people=True),
    _github("members", "replace_set", "id", "member_token", is_about_people=True),
    _github("pull_requests", "upsert", "id", "pull_request_id"),
    _github("reviews", "replace_set", "id", "review_id", parent="pull_requests"),
    _github("review_comments", "upsert", "id", "comment_id"),
    _github("pull_request_commits", "replace_set", "sha", "commit_sha", parent="pull_requests"),
    _github("issues", "upsert", "id", "issue_id"),
    _github("timeline", "replace_set", "node_id", "position", parent="issues", is_key_optional=True),
    _github("commits", "append", "sha", "commit_sha", is_scoped=True),
    _github("tags", "replace_set", "name", "tag_name"),
    _github("deployments", "upsert", "id", "deployment_id"),
    _github("deployment_statuses", "replace_set", "id", "status_id", parent="deployments"),
    _github("releases", "upsert", "id", "release_id"),
    _github("workflow_runs", "upsert", "id", "run_id", shape="wrapped", wrapper="workflow_runs"),
    _github(
        "workflow_jobs",
        "replace_set",
        "id",
        "job_id",
        shape="wrapped",
        wrapper="jobs",
        parent="workflow_runs",
    ),
    StreamContract("git", "commits", "append", "sha", "commit_sha", shape="separated", is_scoped=True),
    StreamContract("git", "tags", "replace_set", "name", "tag_name", shape="separated"),
)
