-- Written by `python -m orchestration.staging_models write` from escalation_policies in connectors/pagerduty.
-- One row per escalation policy: who is asked, in which order, when something is wrong.
{{ config(incremental_strategy='current_set', unique_key=['source', 'escalation_policy_id']) }}

{% set structure = {'id': 'VARCHAR', 'num_loops': 'VARCHAR', 'teams': 'JSON', 'services': 'JSON'} %}
{% set columns = [
    ('escalation_policy_id', 'record.id', 'varchar'),
    ('loop_count', 'record.num_loops', 'integer'),
] %}

with records as (
    {{ records_of_changed_sets('pagerduty', 'escalation_policies', structure, wrapped_in=['escalation_policies']) }}
),

set_members as (
    select
        source, record_id, page_position, ordinal,
        {{ typed(columns) }}
        null::timestamptz as source_updated_at,
        {{ texts_in('record.teams', [['id']]) }} as team_ids,
        {{ texts_in('record.services', [['id']]) }} as service_ids,
        {{ cast_losses(columns, [
            missing('record.id'),
            list_loss('record.teams', [['id']]),
            list_loss('record.services', [['id']]),
        ]) }} as cast_loss_count
    from records
    {{ once_in_its_set('scope, parent_key', ['escalation_policy_id']) }}
)

select
    source, escalation_policy_id, loop_count, team_ids, service_ids,
    record_id, source_updated_at, cast_loss_count
from set_members
