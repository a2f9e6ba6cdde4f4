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
    "stg_gitlab__pipelines": (
        "project_path varchar, pipeline_id bigint, commit_sha varchar, status varchar, trigger varchar, "
        "created_at timestamptz"
    ),
    "stg_gitlab__child_pipelines": (
        "project_path varchar, pipeline_id bigint, commit_sha varchar, status varchar, trigger varchar, "
        "created_at timestamptz"
    ),
    "stg_gitlab__pipeline_details": (
        "pipeline_id bigint, started_at timestamptz, finished_at timestamptz, actor_token varchar, "
        "is_actor_bot boolean"
    ),
    "stg_gitlab__jobs": (
        "job_id bigint, pipeline_id bigint, name varchar, status varchar, created_at timestamptz, "
        "started_at timestamptz, finished_at timestamptz"
    ),
    "stg_gitlab__deployments": (
        "project_path varchar, deployment_id bigint, commit_sha varchar, status varchar, environment_id "
        "bigint, environment varchar, job_name varchar, created_at timestamptz, updated_at timestamptz, "
        "job_started_at timestamptz, job_finished_at timestamptz"
    ),
    "stg_gitlab__environments": ("environment_id bigint, tier varchar"),
    "stg_circleci__pipelines": (
        "project_slug varchar, pipeline_id varchar, state varchar, trigger varchar, commit_sha varchar, "
        "branch varchar, tag varchar, created_at timestamptz, updated_at timestamptz, actor_token "
        "varchar, is_actor_bot boolean"
    ),
    "stg_circleci__workflows": (
        "project_slug varchar, workflow_id varchar, pipeline_id varchar, name varchar, status varchar, "
        "created_at timestamptz, stopped_at timestamptz, starter_token varchar, is_starter_bot boolean"
    ),
    "stg_circleci__jobs": (
        "workflow_id varchar, job_id varchar, name varchar, status varchar, started_at timestamptz, "
        "stopped_at timestamptz"
    ),
    "stg_jenkins__builds": (
        "job_full_name varchar, build_number bigint, started_at timestamptz, finished_at timestamptz, "
        "status varchar, is_building boolean, commit_sha varchar, branch_name varchar, repository "
        "varchar, cause_classes varchar[]"
    ),
    "stg_jenkins__jobs": "job_full_name varchar, item_class varchar",
    "stg_jenkins__stages": (
        "job_full_name varchar, build_number bigint, stage_id varchar, stage_name varchar, status "
        "varchar, started_at timestamptz, duration_milliseconds bigint"
    ),
    "stg_argocd__applications__operations": (
        "application_uid varchar, application_name varchar, environment varchar, status varchar, "
        "commit_sha varchar, revisions varchar[], repositories varchar[], started_at timestamptz, "
        "finished_at timestamptz, is_automated boolean, is_dry_run boolean, is_partial boolean"
    ),
    "stg_argocd__applications__deployments": (
        "application_uid varchar, history_id bigint, application_name varchar, environment varchar, "
        "status varchar, commit_sha varchar, revisions varchar[], repositories varchar[], started_at "
        "timestamptz, finished_at timestamptz"
    ),
    "stg_push__deployments": (
        "deployment_id varchar, service varchar, environment varchar, commit_sha varchar, version "
        "varchar, status varchar, started_at timestamptz, finished_at timestamptz"
    ),
    "stg_push__cdevents": (
        "delivery_id varchar, event varchar, received_at timestamptz, context_type varchar, occurred_at "
        "timestamptz, subject_id varchar, environment_id varchar, artifact_id varchar, structured_type "
        "varchar, structured_at timestamptz, structured_subject_id varchar, structured_environment_id "
        "varchar"
    ),
    "stg_drops__deployments": (
        "drop_name varchar, deployment_key varchar, service varchar, environment varchar, commit_sha "
        "varchar, status varchar, started_at timestamptz, finished_at timestamptz"
    ),
}
STAGED_COLUMNS: Mapping[str, str] = {name: f"{columns}, {_RECORD}" for name, columns in _STAGED.items()}
