"""The staging columns that the models read; `test_project.py` holds them against the real tables."""

from collections.abc import Mapping

_RECORD = "source varchar, record_id bigint, source_updated_at timestamptz, cast_loss_count integer"
_GIT_COMMIT = (
    "repository varchar, commit_sha varchar, parent_shas varchar[], authored_at timestamptz, "
    "committed_at timestamptz, author_token varchar, is_author_bot boolean, reverted_shas varchar[], "
    "cherry_picked_shas varchar[], mentioned_issues varchar[], is_hotfix_title boolean"
)
_STAGED = {
    "stg_git__commits": f"{_GIT_COMMIT}, paths varchar[]",
    "stg_git__tags": "repository varchar, tag_name varchar, commit_sha varchar, created_at timestamptz",
    "stg_github__commits": _GIT_COMMIT,
    "stg_github__repositories": "repository_id bigint, repository varchar",
    "stg_github__pull_requests": (
        "pull_request_id bigint, repository varchar, number bigint, state varchar, is_draft boolean, "
        "created_at timestamptz, updated_at timestamptz, closed_at timestamptz, merged_at timestamptz, "
        "author_token varchar, is_author_bot boolean, head_sha varchar, is_base_default_branch boolean, "
        "merge_commit_sha varchar, labels varchar[], is_hotfix_branch boolean, is_hotfix_label boolean, "
        "is_hotfix_title boolean, reverted_shas varchar[], reverted_pull_requests varchar[], "
        "mentioned_issues varchar[], mentioned_shas varchar[]"
    ),
    "stg_github__reviews": (
        "review_id bigint, repository varchar, pull_request_number bigint, reviewer_token varchar, "
        "is_reviewer_bot boolean, state varchar, submitted_at timestamptz"
    ),
    "stg_github__pull_request_commits": (
        "repository varchar, pull_request_number bigint, commit_sha varchar, position integer, "
        "parent_count integer, authored_at timestamptz, committed_at timestamptz, author_token varchar, "
        "is_author_bot boolean, reverted_shas varchar[], mentioned_issues varchar[]"
    ),
    "stg_github__issues": (
        "issue_id bigint, repository varchar, number bigint, is_pull_request boolean, state varchar, "
        "state_reason varchar, created_at timestamptz, updated_at timestamptz, closed_at timestamptz, "
        "author_token varchar, is_author_bot boolean, labels varchar[], referenced_deployment_ids varchar[], "
        "mentioned_shas varchar[], mentioned_issues varchar[], referenced_tags varchar[]"
    ),
    "stg_github__timeline": (
        "repository varchar, issue_number bigint, position integer, event varchar, event_at timestamptz, "
        "actor_token varchar, is_actor_bot boolean, commit_sha varchar, label varchar, "
        "cross_reference varchar"
    ),
    "stg_github__tags": "repository varchar, tag_name varchar, commit_sha varchar",
    "stg_github__deployments": (
        "deployment_id bigint, repository varchar, commit_sha varchar, environment varchar, task varchar, "
        "created_at timestamptz, updated_at timestamptz, creator_token varchar, is_creator_bot boolean, "
        "is_transient boolean, is_production_environment boolean"
    ),
    "stg_github__deployment_statuses": (
        "status_id bigint, repository varchar, deployment_id bigint, state varchar, created_at timestamptz"
    ),
    "stg_github__releases": (
        "release_id bigint, repository varchar, tag_name varchar, is_draft boolean, is_prerelease boolean, "
        "created_at timestamptz, published_at timestamptz"
    ),
    "stg_github__workflow_runs": (
        "run_id bigint, repository varchar, workflow_name varchar, event varchar, head_sha varchar, "
        "status varchar, conclusion varchar, run_attempt integer, created_at timestamptz, "
        "run_started_at timestamptz, updated_at timestamptz, actor_token varchar, is_actor_bot boolean"
    ),
    "stg_github__workflow_jobs": (
        "job_id bigint, repository varchar, run_id bigint, run_attempt integer, name varchar, "
        "status varchar, conclusion varchar, created_at timestamptz, started_at timestamptz, "
        "completed_at timestamptz"
    ),
    "stg_github__members": "organisation varchar, member_token varchar, is_member_bot boolean",
}
STAGED_COLUMNS: Mapping[str, str] = {name: f"{columns}, {_RECORD}" for name, columns in _STAGED.items()}
