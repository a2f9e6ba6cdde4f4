"""The columns that staging takes from GitLab's records, and whom the records name."""

from connectors.streams import Account, Column

_PIPELINE_STATUSES = (
    "created",
    "waiting_for_resource",
    "waiting_for_callback",
    "preparing",
    "pending",
    "running",
    "canceling",
    "success",
    "failed",
    "canceled",
    "skipped",
    "manual",
    "scheduled",
)
"""docs.gitlab.com, "Pipelines API" and "Jobs API"."""

PROJECT = Column(
    "project_path", "@scope", "varchar", "Full path of the project that was asked.", is_required=True
)
PROJECT_ID = Column(
    "project_id", "$.project_id", "bigint", "Id of the project, which a renamed or moved project keeps."
)


def person(role: str, path: str) -> Account:
    """An account object of GitLab."""
    return Account(role=role, path=path, namespace="gitlab", login="username", name="name")


def author(role: str, prefix: str) -> Account:
    """A git identity, flat in the record: `author_name`, `author_email`."""
    return Account(
        role=role,
        path="$",
        namespace="git",
        id=f"{prefix}_email",
        name=f"{prefix}_name",
        email=f"{prefix}_email",
    )


GROUPS = (
    Column("group_id", "$.id", "bigint", "Id of the group.", is_required=True),
    Column("group_path", "$.full_path", "varchar", "Full path of the group, from the top.", is_required=True),
    Column("parent_id", "$.parent_id", "bigint", "Id of the group above it; empty at the top."),
    Column("created_at", "$.created_at", "timestamptz", "When it was created."),
)

MEMBERS = (
    Column(
        "access_level",
        "$.access_level",
        "integer",
        "Role as GitLab numbers it: 30 is Developer.",
        is_required=True,
    ),
    Column("state", "$.state", "varchar", "State of the account: active, blocked and others."),
    Column(
        "membership_state", "$.membership_state", "varchar", "Whether the membership is active or awaits."
    ),
    Column("created_at", "$.created_at", "timestamptz", "Since when the membership lasts."),
    Column("expires_date", "$.expires_at", "date", "The day on which the membership ends, if any."),
)

PROJECTS = (
    Column(
        "project_id",
        "$.id",
        "bigint",
        "Id of the project, which renaming and moving leave as it is.",
        is_required=True,
    ),
    Column("project_path", "$.path_with_namespace", "varchar", "Full path of the project.", is_required=True),
    Column(
        "group_id", "$.namespace.id", "bigint", "Id of the group (or account) that owns it.", is_required=True
    ),
    Column("group_path", "$.namespace.full_path", "varchar", "Full path of the group that owns it."),
    Column(
        "namespace_kind",
        "$.namespace.kind",
        "varchar",
        "Whether the owner is a group or an account.",
        values=("group", "user"),
    ),
    Column("default_branch", "$.default_branch", "varchar", "Name of its default branch."),
    Column(
        "merge_method", "$.merge_method", "varchar", "How merge requests are merged: merge, rebase_merge, ff."
    ),
    Column("is_archived", "$.archived", "boolean", "Whether it is read-only."),
    Column("created_at", "$.created_at", "timestamptz", "When it was created."),
    Column("last_activity_at", "$.last_activity_at", "timestamptz", "When something last happened in it."),
)

COMMITS = (
    PROJECT,
    Column(
        "number", "@parent_key", "bigint", "Number of the merge request within its project.", is_required=True
    ),
    Column("commit_sha", "$.id", "varchar", "Hash of the commit.", is_required=True),
    Column(
        "parent_shas", "$.parent_ids[*]", "varchar[]", "Hashes of its parents; GitLab leaves them out here."
    ),
    Column(
        "authored_at", "$.authored_date", "timestamptz", "When it was written, as its author's clock had it."
    ),
    Column("committed_at", "$.committed_date", "timestamptz", "When it was committed, as that clock had it."),
)

EVENTS = (
    PROJECT,
    PROJECT_ID,
    Column("event_id", "$.id", "bigint", "Id of the event.", is_required=True),
    Column(
        "action",
        "$.action_name",
        "varchar",
        "What was done: approved, commented on, pushed to, accepted.",
        is_required=True,
    ),
    Column("target_type", "$.target_type", "varchar", "What it was done to; empty for a push."),
    Column("target_id", "$.target_id", "bigint", "Id of what it was done to."),
    Column("target_number", "$.target_iid", "bigint", "Number of what it was done to; of a note, its id."),
    Column(
        "noteable_type",
        "$.note.noteable_type",
        "varchar",
        "What a comment is on: MergeRequest, Issue, Commit.",
    ),
    Column("noteable_number", "$.note.noteable_iid", "bigint", "Number of what a comment is on."),
    Column("note_type", "$.note.type", "varchar", "DiffNote for a comment on a line; empty for a plain one."),
    Column("is_system_note", "$.note.system", "boolean", "Whether GitLab wrote the comment itself."),
    Column(
        "ref_type",
        "$.push_data.ref_type",
        "varchar",
        "Whether a branch or a tag was pushed.",
        values=("branch", "tag"),
    ),
    Column("pushed_from_sha", "$.push_data.commit_from", "varchar", "Head of the branch before the push."),
    Column("pushed_sha", "$.push_data.commit_to", "varchar", "Head of the branch after the push."),
    Column(
        "pushed_commit_count", "$.push_data.commit_count", "integer", "How many commits the push brought."
    ),
    Column(
        "created_at",
        "$.created_at",
        "timestamptz",
        "When it happened, by the server's clock.",
        is_required=True,
    ),
)

PIPELINES = (
    PROJECT,
    PROJECT_ID,
    Column("pipeline_id", "$.id", "bigint", "Id of the pipeline.", is_required=True),
    Column("number", "$.iid", "bigint", "Number of the pipeline within its project."),
    Column("commit_sha", "$.sha", "varchar", "Hash of the commit that it ran for.", is_required=True),
    Column(
        "status",
        "$.status",
        "varchar",
        "Where it stands: running, success, failed, canceled, manual.",
        is_required=True,
        values=_PIPELINE_STATUSES,
    ),
    Column("trigger", "$.source", "varchar", "What started it: push, schedule, merge_request_event, web."),
    Column("created_at", "$.created_at", "timestamptz", "When it was created.", is_required=True),
    Column("updated_at", "$.updated_at", "timestamptz", "When it last changed.", is_required=True),
)

PIPELINE_DETAILS = (
    *PIPELINES,
    Column("is_tag", "$.tag", "boolean", "Whether it ran for a tag."),
    Column("started_at", "$.started_at", "timestamptz", "When its first job started."),
    Column("finished_at", "$.finished_at", "timestamptz", "When it ended; empty while it runs."),
    Column("duration_seconds", "$.duration", "bigint", "How long jobs ran, without gaps between them."),
    Column(
        "queued_duration_seconds", "$.queued_duration", "bigint", "How long it waited before its first job."
    ),
)

JOBS = (
    PROJECT,
    Column("job_id", "$.id", "bigint", "Id of the job; a retry has an id of its own.", is_required=True),
    Column("pipeline_id", "$.pipeline.id", "bigint", "Id of its pipeline.", is_required=True),
    Column("commit_sha", "$.pipeline.sha", "varchar", "Hash of the commit that it ran for."),
    Column(
        "name",
        "$.name",
        "varchar",
        "Name of the job; tells the jobs of a pipeline apart, and deployments.",
        is_required=True,
    ),
    Column("stage", "$.stage", "varchar", "Name of its stage."),
    Column(
        "status",
        "$.status",
        "varchar",
        "Where it stands: created, pending, running, success, failed, manual.",
        is_required=True,
        values=_PIPELINE_STATUSES,
    ),
    Column("failure_reason", "$.failure_reason", "varchar", "Why it failed, as GitLab sorts reasons."),
    Column("may_fail", "$.allow_failure", "boolean", "Whether its failure leaves the pipeline as it is."),
    Column("is_tag", "$.tag", "boolean", "Whether it ran for a tag."),
    Column("created_at", "$.created_at", "timestamptz", "When it was created."),
    Column("started_at", "$.started_at", "timestamptz", "When it started."),
    Column("finished_at", "$.finished_at", "timestamptz", "When it ended; empty while it runs."),
)

DEPLOYMENTS = (
    PROJECT,
    Column("deployment_id", "$.id", "bigint", "Id of the deployment.", is_required=True),
    Column("number", "$.iid", "bigint", "Number of the deployment within its project."),
    Column("commit_sha", "$.sha", "varchar", "Hash of the commit that was deployed.", is_required=True),
    Column(
        "status",
        "$.status",
        "varchar",
        "created, running, success, failed, canceled, skipped or blocked.",
        is_required=True,
        values=("created", "running", "success", "failed", "canceled", "skipped", "blocked"),
    ),
    Column("environment_id", "$.environment.id", "bigint", "Id of the environment.", is_required=True),
    Column("environment", "$.environment.name", "varchar", "Name of the environment.", is_required=True),
    Column(
        "job_id", "$.deployable.id", "bigint", "Id of the job that deployed; empty where the API was told."
    ),
    Column(
        "job_name", "$.deployable.name", "varchar", "Name of the job that deployed; tells services apart."
    ),
    Column("pipeline_id", "$.deployable.pipeline.id", "bigint", "Id of the pipeline that deployed."),
    Column("created_at", "$.created_at", "timestamptz", "When it was created.", is_required=True),
    Column("updated_at", "$.updated_at", "timestamptz", "When its status last changed.", is_required=True),
    Column("job_started_at", "$.deployable.started_at", "timestamptz", "When the job that deployed started."),
    Column("job_finished_at", "$.deployable.finished_at", "timestamptz", "When the job that deployed ended."),
)

ENVIRONMENTS = (
    PROJECT,
    Column("environment_id", "$.id", "bigint", "Id of the environment.", is_required=True),
    Column("environment", "$.name", "varchar", "Name of the environment.", is_required=True),
    Column("tier", "$.tier", "varchar", "production, staging, testing, development or other."),
    Column(
        "state",
        "$.state",
        "varchar",
        "Whether it is available, stopping or stopped.",
        values=("available", "stopping", "stopped"),
    ),
    Column("created_at", "$.created_at", "timestamptz", "When it was created."),
    Column("updated_at", "$.updated_at", "timestamptz", "When it last changed."),
)

RELEASES = (
    PROJECT,
    Column("tag_name", "$.tag_name", "varchar", "The tag that it was released on.", is_required=True),
    Column("commit_sha", "$.commit.id", "varchar", "Hash of the commit that the tag names."),
    Column("is_upcoming", "$.upcoming_release", "boolean", "Whether its date still lies ahead."),
    Column("created_at", "$.created_at", "timestamptz", "When it was created."),
    Column("released_at", "$.released_at", "timestamptz", "When it was released."),
)

TAGS = (
    PROJECT,
    Column("tag_name", "$.name", "varchar", "Name of the tag.", is_required=True),
    Column("commit_sha", "$.commit.id", "varchar", "Hash of the commit that it leads to.", is_required=True),
    Column("created_at", "$.created_at", "timestamptz", "When it was made; empty for a lightweight tag."),
)
