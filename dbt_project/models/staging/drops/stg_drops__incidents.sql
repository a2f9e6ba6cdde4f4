-- One row per incident that a drop reports.
{{ config(materialized='view') }}

select
    source, drop_name, record_key as incident_key, service, severity, opened_at, resolved_at,
    caused_by_deployment_id, caused_by_commit_sha, caused_by_pull_request, record_id, source_updated_at, cast_loss_count
from {{ ref('stg_drops__records') }}
where purpose = 'incidents'
