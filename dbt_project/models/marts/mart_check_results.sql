-- Grain: one row per check and subject, of the checks that ran last; a view, since they run after the models.
{{ config(materialized='view') }}
select
    name as check_name,
    subject,
    layer,
    severity,
    is_passed,
    case when is_passed then 'passed' when severity = 'blocking' then 'blocks' else 'warns' end as outcome,
    observed,
    expected,
    scope,
    offender_count,
    offenders,
    message,
    remedy,
    cast(list_transform(repairs, lambda repair: repair.command) as varchar[]) as repair_commands,
    owner
from {{ source('checks', 'check_results') }}
order by position
