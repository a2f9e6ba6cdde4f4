"""The staging columns that the models read; `test_project.py` holds them against the real tables."""

from collections.abc import Mapping

_RECORD = "source varchar, record_id bigint, source_updated_at timestamptz, cast_loss_count integer"
_SIGHTING = "first_seen_at timestamptz, gone_at timestamptz, was_there_from_the_first_reading boolean"
_GIT_COMMIT = (
    "repository varchar, commit_sha varchar, parent_shas varchar[], authored_at timestamptz, "
    "committed_at timestamptz, author_token varchar, is_author_bot boolean, reverted_shas varchar[], "
    "cherry_picked_shas varchar[], mentioned_issues varchar[], mentioned_shas varchar[], "
    "mentioned_keys varchar[], "
    "is_hotfix_title boolean"
)
_STAGED = {
    "stg_git__commits": f"{_GIT_COMMIT}, paths varchar[]",
    "stg_git__tags": "repository varchar, tag_name varchar, commit_sha varchar, created_at timestamptz",
    "stg_github__commits": _GIT_COMMIT,
    "stg_github__repositories": "repository_id bigint, repository varchar",
    "stg_github__repositories__names": (
        "scope varchar, repository_id bigint, name varchar, repository varchar"
    ),
    "stg_github__pull_requests": (
        "pull_request_id bigint, repository varchar, number bigint, state varchar, is_draft boolean, "
        "created_at timestamptz, updated_at timestamptz, closed_at timestamptz, merged_at timestamptz, "
        "author_token varchar, is_author_bot boolean, head_sha varchar, is_base_default_branch boolean, "
        "merge_commit_sha varchar, labels varchar[], is_hotfix_branch boolean, is_hotfix_label boolean, "
        "is_hotfix_title boolean, reverted_shas varchar[], reverted_pull_requests varchar[], "
        "mentioned_issues varchar[], mentioned_shas varchar[], mentioned_keys varchar[]"
    ),
    "stg_github__reviews": (
        "review_id bigint, repository varchar, pull_request_number bigint, reviewer_token varchar, "
        "is_reviewer_bot boolean, state varchar, submitted_at timestamptz"
    ),
    "stg_github__review_comments": (
        "comment_id bigint, repository varchar, pull_request_number bigint, author_token varchar, "
        "is_author_bot boolean, created_at timestamptz"
    ),
    "stg_github__pull_request_commits": (
        "repository varchar, pull_request_number bigint, commit_sha varchar, position integer, "
        "parent_count integer, authored_at timestamptz, committed_at timestamptz, author_token varchar, "
        "is_author_bot boolean, reverted_shas varchar[], mentioned_issues varchar[], mentioned_keys varchar[]"
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
    "stg_github__item_details": (
        "item_type varchar, repository varchar, number bigint, added_line_count bigint, "
        "deleted_line_count bigint, changed_file_count bigint"
    ),
    "stg_jira__current_issues": (
        "issue_id bigint, issue_key varchar, project_key varchar, issue_type_name varchar, "
        "is_subtask boolean, status_id bigint, status_name varchar, status_category_key varchar, "
        "resolution_name varchar, "
        "priority_name varchar, created_at timestamptz, updated_at timestamptz, resolved_at timestamptz, "
        "creator_token varchar, is_creator_bot boolean, labels varchar[], component_names varchar[], "
        "sprint_ids bigint[], is_deleted boolean, referenced_deployment_ids varchar[], "
        "mentioned_shas varchar[], mentioned_issues varchar[], referenced_tags varchar[], "
        "causing_issue_keys varchar[]"
    ),
    "stg_jira__issue_changes": (
        "change_id bigint, item_number integer, issue_id bigint, changed_at timestamptz, field_name varchar, "
        "from_id varchar, from_value varchar, to_id varchar, to_value varchar"
    ),
    "stg_jira__statuses": "status_id bigint, status_name varchar, category_id bigint, category_key varchar",
    "stg_jira__sprints": (
        "sprint_id bigint, board_id bigint, sprint_name varchar, state varchar, started_at timestamptz, "
        "activated_at timestamptz, ends_at timestamptz, completed_at timestamptz"
    ),
    "stg_jira__boards": "board_id bigint, board_name varchar, board_type varchar, project_key varchar",
    "stg_pagerduty__incidents": (
        "incident_id varchar, incident_number bigint, status varchar, urgency varchar, priority varchar, "
        "service_id varchar, service_name varchar, escalation_policy_id varchar, team_ids varchar[], "
        "created_at timestamptz, updated_at timestamptz, last_status_change_at timestamptz, "
        "resolved_at timestamptz, merged_into_incident_id varchar"
    ),
    "stg_pagerduty__log_entries": (
        "log_entry_id varchar, entry_type varchar, incident_id varchar, service_id varchar, "
        "team_ids varchar[], created_at timestamptz, channel_type varchar, notified_user_token varchar"
    ),
    "stg_pagerduty__log_entries__references": (
        "log_entry_id varchar, entry_type varchar, incident_id varchar, created_at timestamptz, "
        "referenced_deployment_ids varchar[], mentioned_shas varchar[], mentioned_issues varchar[], "
        "referenced_tags varchar[]"
    ),
    "stg_pagerduty__on_calls": (
        "escalation_policy_id varchar, escalation_level integer, schedule_id varchar, "
        "started_at timestamptz, ends_at timestamptz, user_token varchar"
    ),
    "stg_pagerduty__escalation_policies": (
        "escalation_policy_id varchar, team_ids varchar[], service_ids varchar[]"
    ),
    "stg_pagerduty__services": "service_id varchar, name varchar, team_ids varchar[]",
    "stg_pagerduty__teams": "team_id varchar, name varchar, parent_team_id varchar",
    "stg_datadog__incidents": (
        "incident_id varchar, public_id bigint, severity varchar, state varchar, service_names varchar[], "
        "is_test boolean, created_at timestamptz, detected_at timestamptz, resolved_at timestamptz, "
        "customer_impact_started_at timestamptz, customer_impact_ended_at timestamptz"
    ),
    "stg_datadog__incidents__references": (
        "incident_id varchar, referenced_deployment_ids varchar[], mentioned_shas varchar[], "
        "mentioned_issues varchar[], referenced_tags varchar[]"
    ),
    "stg_push__incidents": (
        "incident_id varchar, service varchar, severity varchar, status varchar, opened_at timestamptz, "
        "acknowledged_at timestamptz, resolved_at timestamptz, caused_by_deployment_id varchar, "
        "caused_by_commit_sha varchar, caused_by_pull_request varchar"
    ),
    "stg_drops__incidents": (
        "drop_name varchar, incident_key varchar, service varchar, severity varchar, opened_at timestamptz, "
        "resolved_at timestamptz, caused_by_deployment_id varchar, caused_by_commit_sha varchar, "
        "caused_by_pull_request varchar"
    ),
    "stg_prometheus__alerts_history": (
        "alert_labels varchar, sampled_at timestamptz, alert_name varchar, alert_state varchar, "
        "severity varchar, service varchar, step_seconds integer"
    ),
    "stg_alertmanager__alerts": (
        "fingerprint varchar, started_at timestamptz, updated_at timestamptz, state varchar, "
        "alert_name varchar, severity varchar, service varchar"
    ),
    "stg_drops__deployments": (
        "drop_name varchar, deployment_key varchar, service varchar, environment varchar, commit_sha "
        "varchar, status varchar, started_at timestamptz, finished_at timestamptz"
    ),
    "stg_backstage__entities__members": (
        f"repository varchar, group_ref varchar, member_token varchar, is_member_bot boolean, {_SIGHTING}"
    ),
    "stg_backstage__entities__sightings": (
        "repository varchar, entity_ref varchar, entity_kind varchar, entity_name varchar, "
        "owner_ref varchar, parent_ref varchar, child_refs varchar[], github_project_slug "
        f"varchar, gitlab_project_slug varchar, {_SIGHTING}"
    ),
    "stg_backstage__users__groups": (
        f"repository varchar, group_ref varchar, user_token varchar, is_user_bot boolean, {_SIGHTING}"
    ),
    "stg_github__team_members__sightings": (
        f"organisation varchar, team_slug varchar, member_token varchar, is_member_bot boolean, {_SIGHTING}"
    ),
    "stg_github__teams__sightings": (
        f"organisation varchar, team_slug varchar, parent_slug varchar, {_SIGHTING}"
    ),
    "stg_gitlab__group_members__sightings": (
        "group_path varchar, created_at timestamptz, expires_date date, member_token varchar, "
        f"is_member_bot boolean, {_SIGHTING}"
    ),
    "stg_gitlab__projects__sightings": (
        f"project_id bigint, project_path varchar, group_path varchar, {_SIGHTING}"
    ),
    "stg_gitlab__subgroup_members__sightings": (
        "named_group_path varchar, group_path varchar, created_at timestamptz, expires_date date,"
        f" member_token varchar, is_member_bot boolean, {_SIGHTING}"
    ),
    "stg_gitlab__subgroups__sightings": (f"named_group_path varchar, group_path varchar, {_SIGHTING}"),
    "stg_pagerduty__services__sightings": (
        f"service_id varchar, service_name varchar, team_ids varchar[], {_SIGHTING}"
    ),
    "stg_pagerduty__team_members__sightings": (
        f"team_id varchar, user_token varchar, is_user_bot boolean, {_SIGHTING}"
    ),
    "stg_pagerduty__teams__sightings": (
        f"team_id varchar, team_name varchar, parent_team_id varchar, {_SIGHTING}"
    ),
    "stg_scim__groups__sightings": (
        f"group_id varchar, group_name varchar, member_token varchar, is_member_bot boolean, {_SIGHTING}"
    ),
    "stg_codeowners__rules": (
        "repository varchar, commit_sha varchar, committed_at timestamptz, position integer, "
        "pattern varchar, team_slugs varchar[], is_optional boolean, is_valid boolean"
    ),
    "stg_codeowners__versions": (
        "repository varchar, commit_sha varchar, committed_at timestamptz, is_present boolean"
    ),
    "stg_scim__users": "is_active boolean, user_token varchar, is_user_bot boolean",
    "stg_roster__employments": (
        "valid_from_date date, valid_until_date date, employment_from_date date, "
        "employment_until_date date, fte_ratio double, team varchar, working_calendar varchar, "
        "line_number integer, person_token varchar"
    ),
    "stg_roster__leave": ("from_date date, until_date date, person_token varchar"),
    "stg_prometheus__range_samples": (
        "query_name varchar, series_labels varchar, sampled_at timestamptz, value_text varchar, "
        "value double, step_seconds integer"
    ),
    "stg_datadog__slo_history": (
        "slo_id varchar, window_starts_at timestamptz, read_until_at timestamptz, slo_type varchar, "
        "slice_starts varchar, good_counts varchar, total_counts varchar, state_changes varchar"
    ),
}
STAGED_COLUMNS: Mapping[str, str] = {name: f"{columns}, {_RECORD}" for name, columns in _STAGED.items()}
