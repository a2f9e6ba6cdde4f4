"""How a body of each stream looks, for the second parser.

Reconciliation counts records without asking the connectors or the models how they read a page. Of GitHub and
git it is stated here a second time, from the vendors' documentation of the endpoints (and of `git log`), so
that a mistake on the other side shows as a difference; a test holds the names and modes against the
connectors' declarations. The contracts of other kinds are handed in, derived from their declarations: there,
the second parser still guards what landing and the generated models do.
"""

from dataclasses import dataclass
from typing import Final, Literal

Mode = Literal["upsert", "append", "replace_set"]
Shape = Literal["array", "array_or_object", "wrapped", "separated"]
KeyReading = Literal["text", "json", "whole_number", "date", "instant", "epoch_seconds", "epoch_milliseconds"]

SCOPE: Final = ("@scope",)
PARENT_KEY: Final = ("@parent_key",)


@dataclass(frozen=True, slots=True)
class KeyPart:
    """A part of what tells a record from the others.

    Attributes:
        path: Keys, and places in lists, that lead to it in a record; `SCOPE` and `PARENT_KEY` are the page's.
        staged: The column of the staging model.
        reading: How both sides write it as the same text: instants as microseconds since the epoch.
    """

    path: tuple[str | int, ...]
    staged: str
    reading: KeyReading = "text"

    @property
    def is_of_page(self) -> bool:
        """Whether the page says it, not the record."""
        return self.path in (SCOPE, PARENT_KEY)

    @property
    def staged_text(self) -> str:
        """The part as an SQL expression over the staging model."""
        is_instant = self.reading in ("instant", "epoch_seconds", "epoch_milliseconds")
        return f"epoch_us({self.staged})" if is_instant else self.staged


@dataclass(frozen=True, slots=True)
class StreamContract:
    """One stream as reconciliation reads it.

    Attributes:
        kind: The kind of source.
        stream: The stream, which is also the source table.
        mode: How records of several pages combine.
        key: What tells a record from the others of its source (of its set, where sets replace each other).
        shape: An `array`; an array or one object (`array_or_object`: a listing, or each by itself); either of
            them plain or `wrapped` in an object; or records `separated` by control bytes.
        envelope: The keys that lead to what is wrapped.
        parent: The stream whose records fan out to this one.
        parent_columns: In the parent's model, the columns with the key by which this stream is asked for and
            with its scope, if it has one; None where the two cannot be compared.
        is_key_optional: Whether records without the key are told apart by their place alone.
        is_about_people: Whether the key is a person's account, which must not be kept in any form.
        is_row_per_record: Whether the model has one row for each record, under the columns of the key.
        is_windowed: Whether the source serves windows of time, so that one of them can be fetched again.
        is_sampled: Whether one record can be asked for by itself.
        is_counted: Whether the source counts the records of a scope.
        values: Where values beside the key stand in a record, for a sample that is read a second time.
    """

    kind: str
    stream: str
    mode: Mode
    key: tuple[KeyPart, ...]
    shape: Shape = "array"
    envelope: tuple[str, ...] = ()
    parent: str | None = None
    parent_columns: tuple[str, str | None] | None = None
    is_key_optional: bool = False
    is_about_people: bool = False
    is_row_per_record: bool = True
    is_windowed: bool = False
    is_sampled: bool = False
    is_counted: bool = False
    values: tuple[KeyPart, ...] = ()

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

    @property
    def page_parts(self) -> tuple[KeyPart, ...]:
        """The parts of the key that the page says; they come first in a key's text."""
        return tuple(part for part in self.key if part.is_of_page)

    @property
    def record_parts(self) -> tuple[KeyPart, ...]:
        """The parts of the key that stand in the record."""
        return tuple(part for part in self.key if not part.is_of_page)


def _github(
    stream: str,
    mode: Mode,
    key: str,
    staged: str,
    *,
    is_in_scope: bool = False,
    shape: Shape = "array",
    wrapper: str | None = None,
    parent: str | None = None,
    parent_columns: tuple[str, str] | None = None,
    is_key_optional: bool = False,
    is_about_people: bool = False,
    is_windowed: bool = False,
) -> StreamContract:
    return StreamContract(
        kind="github",
        stream=stream,
        mode=mode,
        key=_key(key, staged, is_in_scope=is_in_scope),
        shape=shape,
        envelope=tuple(wrapper.split(".")) if wrapper else (),
        parent=parent,
        parent_columns=parent_columns,
        is_key_optional=is_key_optional,
        is_about_people=is_about_people,
        is_windowed=is_windowed,
        is_sampled=stream in _SAMPLED,
        is_counted=stream in _COUNTED,
    )


_COUNTED = frozenset({"pull_requests", "issues", "deployments", "releases", "workflow_runs"})
_SAMPLED = _COUNTED | {"repositories", "review_comments", "commits"}


def _key(key: str, staged: str, *, is_in_scope: bool = False) -> tuple[KeyPart, ...]:
    """A key of one field, unique within its scope only where a commit stands in every clone."""
    return (*([KeyPart(SCOPE, "repository")] if is_in_scope else []), KeyPart((key,), staged))


_NUMBERED = ("number", "repository")

STREAMS: tuple[StreamContract, ...] = (
    _github("repositories", "upsert", "id", "repository_id", shape="array_or_object"),
    _github("teams", "replace_set", "id", "team_id"),
    _github(
        "team_members",
        "replace_set",
        "id",
        "member_token",
        parent="teams",
        parent_columns=("slug", "organisation"),
        is_about_people=True,
    ),
    _github("members", "replace_set", "id", "member_token", is_about_people=True),
    _github("pull_requests", "upsert", "id", "pull_request_id"),
    _github("item_details", "upsert", "id", "node_id", shape="wrapped", wrapper="data.nodes"),
    _github("reviews", "replace_set", "id", "review_id", parent="pull_requests", parent_columns=_NUMBERED),
    _github("review_comments", "upsert", "id", "comment_id"),
    _github(
        "pull_request_commits",
        "replace_set",
        "sha",
        "commit_sha",
        shape="wrapped",  # those past the 250th stand in a comparison, the others in a plain list
        wrapper="commits",
        parent="pull_requests",
        parent_columns=_NUMBERED,
    ),
    _github("issues", "upsert", "id", "issue_id"),
    _github(
        "timeline",
        "replace_set",
        "node_id",
        "position",
        parent="issues",
        parent_columns=_NUMBERED,
        is_key_optional=True,
    ),
    _github("commits", "append", "sha", "commit_sha", is_in_scope=True),
    _github("tags", "replace_set", "name", "tag_name"),
    _github("deployments", "upsert", "id", "deployment_id"),
    _github(
        "deployment_statuses",
        "replace_set",
        "id",
        "status_id",
        parent="deployments",
        parent_columns=("deployment_id", "repository"),
    ),
    _github("releases", "upsert", "id", "release_id"),
    _github(
        "workflow_runs",
        "upsert",
        "id",
        "run_id",
        shape="wrapped",
        wrapper="workflow_runs",
        is_windowed=True,
    ),
    _github(
        "workflow_jobs",
        "replace_set",
        "id",
        "job_id",
        shape="wrapped",
        wrapper="jobs",
        parent="workflow_runs",
        parent_columns=("run_id", "repository"),
    ),
    StreamContract(
        "git", "commits", "append", _key("sha", "commit_sha", is_in_scope=True), shape="separated"
    ),
    StreamContract("git", "tags", "replace_set", _key("name", "tag_name"), shape="separated"),
)
