-- One row per key of a drop: of many rows the newest, of an append-only drop the first.
{{ config(materialized='view') }}

select
    source, drop_name, record_key, mode, purpose, record_values, service, environment, commit_sha, status, started_at,
    finished_at, severity, opened_at, resolved_at, caused_by_deployment_id, caused_by_commit_sha,
    caused_by_pull_request, file_sha256, line_number, record_id, source_updated_at,
    cast_loss_count
from {{ ref('stg_drops__rows') }}
qualify row_number() over (
    partition by source, drop_name, record_key
    order by case when mode = 'append' then record_id end, source_updated_at desc nulls last, record_id desc
) = 1
