"""The streams that staging reads: stream = source table = staging model, and how their records combine."""

from dataclasses import dataclass
from typing import Literal

Mode = Literal["upsert", "append", "replace_set"]


@dataclass(frozen=True, slots=True)
class StagedStream:
    """One stream of one kind of source, as the staging model `stg_<kind>__<name>` reads it.

    `reads_rules` and `reads_accounts` say what beside its pages enters the model: when the rules change, or
    an account known before turns out to be a bot, the model is read anew from all its evidence.
    """

    kind: str
    name: str
    mode: Mode
    reads_rules: bool = False
    reads_accounts: bool = False

    @property
    def table(self) -> str:
        """The name of the raw view, also the stream's name in `raw.build_state`."""
        return f"{self.kind}__{self.name}"

    @property
    def model(self) -> str:
        """The name of the staging model."""
        return f"stg_{self.table}"


STAGED_STREAMS: tuple[StagedStream, ...] = (
    StagedStream("github", "repositories", "upsert"),
    StagedStream("github", "teams", "replace_set"),
    StagedStream("github", "team_members", "replace_set", reads_accounts=True),
    StagedStream("github", "members", "replace_set", reads_accounts=True),
    StagedStream("github", "pull_requests", "upsert", reads_rules=True, reads_accounts=True),
    StagedStream("github", "reviews", "replace_set", reads_accounts=True),
    StagedStream("github", "review_comments", "upsert", reads_accounts=True),
    StagedStream("github", "pull_request_commits", "replace_set", reads_accounts=True),
    StagedStream("github", "issues", "upsert", reads_accounts=True),
    StagedStream("github", "timeline", "replace_set", reads_accounts=True),
    StagedStream("github", "commits", "append", reads_rules=True, reads_accounts=True),
    StagedStream("github", "tags", "replace_set"),
    StagedStream("github", "deployments", "upsert", reads_accounts=True),
    StagedStream("github", "deployment_statuses", "replace_set"),
    StagedStream("github", "releases", "upsert"),
    StagedStream("github", "workflow_runs", "upsert", reads_accounts=True),
    StagedStream("github", "workflow_jobs", "replace_set"),
    StagedStream("git", "commits", "append", reads_rules=True, reads_accounts=True),
    StagedStream("git", "tags", "replace_set"),
)
