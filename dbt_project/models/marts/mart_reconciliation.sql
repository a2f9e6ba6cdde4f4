-- Grain: one row per comparison and subject, of the checks that ran last; a view, since they run after the models.
{{ config(materialized='view') }}
select
    name as check_name,
    subject,
    layer,
    left_relations,
    right_relations,
    rule,
    measure,
    expected_total,
    observed_total,
    observed_total - expected_total as difference,
    tolerance,
    offender_count,
    offenders[1] as first_offender,
    is_passed,
    severity,
    scope,
    message,
    remedy,
    repairs[1].command as repair_command,
    owner
from {{ source('checks', 'check_results') }}
where measure is not null
order by position
