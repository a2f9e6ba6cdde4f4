-- Indexes that a fork of the tool added to quicken this dashboard; its own schema has none of them.
alter table project_pr_metrics
    modify deployment_commit_id varchar(191),
    add key idx_project_pr_metrics_deployment_commit_id (deployment_commit_id);
alter table project_incident_deployment_relationships
    modify deployment_id varchar(191),
    add key idx_project_incident_deployment_relationships_deployment_id (deployment_id);
alter table cicd_deployment_commits
    modify result varchar(100),
    modify environment varchar(255),
    add key idx_result_environment_scope_id_finished_date (result, environment, cicd_scope_id, finished_date);
alter table project_mapping add key idx_rowid_table_project_name (row_id, `table`, project_name);
