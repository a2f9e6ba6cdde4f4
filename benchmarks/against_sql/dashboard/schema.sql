-- The tables of a delivery tool's domain layer that its DORA dashboard reads, with the keys, indexes and types of its
-- models (Apache DevLake, backend/core/models/domainlayer); of the columns, those that profiles or questions read.
create table project_mapping (
    project_name varchar(255) not null,
    `table` varchar(255) not null,
    row_id varchar(255) not null,
    primary key (project_name, `table`, row_id)
);

create table cicd_deployment_commits (
    id varchar(255) not null,
    cicd_scope_id varchar(255),
    cicd_deployment_id varchar(255),
    repo_id varchar(255),
    repo_url varchar(191) not null,
    commit_sha varchar(255) not null,
    result varchar(100),
    environment varchar(255),
    started_date datetime(3),
    finished_date datetime(3),
    prev_success_deployment_commit_id varchar(255),
    primary key (id, commit_sha),
    key idx_cicd_deployment_commits_cicd_scope_id (cicd_scope_id),
    key idx_cicd_deployment_commits_repo_url (repo_url)
);

create table pull_requests (
    id varchar(255) not null,
    base_repo_id varchar(191),
    author_id varchar(100),
    created_date datetime(3),
    merged_date datetime(3),
    merge_commit_sha varchar(40),
    primary key (id),
    key idx_pull_requests_base_repo_id (base_repo_id)
);

create table project_pr_metrics (
    id varchar(255) not null,
    project_name varchar(100) not null,
    first_commit_sha longtext,
    pr_coding_time bigint,
    first_review_id longtext,
    pr_pickup_time bigint,
    pr_review_time bigint,
    deployment_commit_id longtext,
    pr_deploy_time bigint,
    pr_cycle_time bigint,
    primary key (id, project_name)
);

create table incidents (
    id varchar(255) not null,
    `table` varchar(255),
    scope_id varchar(255),
    created_date datetime(3),
    resolution_date datetime(3),
    primary key (id),
    key idx_table_scope_id (`table`, scope_id)
);

create table project_incident_deployment_relationships (
    id varchar(255) not null,
    project_name varchar(100) not null,
    deployment_id longtext,
    primary key (id, project_name)
);

create table calendar_months (
    month varchar(20) not null,
    month_timestamp timestamp not null,
    primary key (month)
);

insert into calendar_months
select date_format(first_day, '%y/%m'), first_day
from (select date '2024-01-01' + interval seq month as first_day from seq_0_to_143) as months;
