-- Written by `python -m orchestration.staging_models write` from teams in connectors/pagerduty.
-- One row per team.
{{ config(incremental_strategy='current_set', unique_key=['source', 'team_id']) }}

{% set structure = {'id': 'VARCHAR', 'name': 'VARCHAR', 'parent': {'id': 'VARCHAR'}} %}
{% set columns = [
    ('team_id', 'record.id', 'varchar'),
    ('name', 'record.name', 'varchar'),
    ('parent_team_id', 'record.parent.id', 'varchar'),
] %}

with records as (
    {{ records_of_changed_sets('pagerduty', 'teams', structure, wrapped_in=['teams']) }}
),

set_members as (
    select
        source, record_id, page_position, ordinal,
        {{ typed(columns) }}
        null::timestamptz as source_updated_at,
        {{ cast_losses(columns, [missing('record.id'), missing('record.name')]) }} as cast_loss_count
    from records
    {{ once_in_its_set('scope, parent_key', ['team_id']) }}
)

select
    source, team_id, name, parent_team_id,
    record_id, source_updated_at, cast_loss_count
from set_members
