"""What streams that tell of the same things say of each other, where nothing is missing."""

import duckdb

_GITHUB = """
    alter table staging.stg_github__issues add column created_at timestamptz default '2026-05-01T00:00:00Z';
    alter table staging.stg_github__issues add column updated_at timestamptz default '2026-05-02T00:00:00Z';
    update staging.stg_github__issues set is_pull_request = true
    where repository = 'acme/shop' and number = 3;
    delete from marts.fct_issues where issue_id = 'github:github:issue:3';
    update staging.stg_github__reviews set pull_request_number = review_id // 10;
    alter table staging.stg_github__reviews add column submitted_at timestamptz;
    update staging.stg_github__reviews set submitted_at = '2026-05-03T00:00:00Z';
    alter table staging.stg_github__timeline add column issue_number bigint;
    alter table staging.stg_github__timeline add column event varchar default 'reviewed';
    alter table staging.stg_github__timeline add column event_at timestamptz default '2026-05-03T00:00:00Z';
    update staging.stg_github__timeline set issue_number = position // 10;
    alter table staging.stg_github__deployments
        add column created_at timestamptz default '2026-05-01T00:00:00Z';
    alter table staging.stg_github__deployments
        add column updated_at timestamptz default '2026-05-01T01:00:00Z';
"""

_OTHERS = """
    alter table staging.stg_jira__current_issues add column status_id bigint;
    alter table staging.stg_jira__current_issues add column updated_at timestamptz;
    alter table staging.stg_jira__current_issues add column is_deleted boolean default false;
    update staging.stg_jira__current_issues set status_id = 3, updated_at = '2026-05-02T00:00:00Z';
    create table staging.stg_jira__issue_changes as
    select 'site' as source, 7 as issue_id, change_id, 0 as item_number, 'status' as field_id, to_id,
        changed_at::timestamptz as changed_at
    from (values
        (1, '2', '2026-05-01T10:00:00Z'),
        (2, '3', '2026-05-01T11:00:00Z'),
        (3, '4', '2026-05-03T00:00:00Z')
    ) as changes (change_id, to_id, changed_at);
    create table staging.stg_pagerduty__log_entries as
    select 'pagerduty' as source, 'P1' as incident_id, 'trigger_log_entry' as entry_type,
        timestamptz '2026-05-01T00:00:00Z' as created_at;
    create table staging.stg_pagerduty__incidents as select 'pagerduty' as source, 'P1' as incident_id;
"""


def write(con: duckdb.DuckDBPyConnection) -> None:
    """Write them. Call it after the marts and before what has a length."""
    con.execute(_GITHUB)
    con.execute(_OTHERS)
