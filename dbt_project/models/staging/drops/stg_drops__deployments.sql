-- One row per deployment that a drop reports.
{{ config(materialized='view') }}

select
    source, drop_name, record_key as deployment_key, service, environment, commit_sha, status, started_at,
    finished_at, record_id, source_updated_at, cast_loss_count
from {{ ref('stg_drops__records') }}
where purpose = 'deployments'
