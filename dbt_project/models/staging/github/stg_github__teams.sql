-- One row per team of an organisation, as its newest complete list of teams has it.
{{ config(incremental_strategy='current_set', unique_key=['source', 'team_id']) }}

{% set structure = {'id': 'VARCHAR', 'slug': 'VARCHAR', 'parent': {'slug': 'VARCHAR'}} %}
{% set columns = [
    ('team_id', 'record.id', 'bigint'),
    ('slug', 'record.slug', 'varchar'),
    ('parent_slug', 'record.parent.slug', 'varchar'),
] %}

with records as (
    {{ records_of_changed_sets('github', 'teams', structure) }}
)

select
    source, scope as organisation,
    {{ typed(columns) }}
    record_id, null::timestamptz as source_updated_at,
    {{ cast_losses(columns, [
        missing('record.slug'), 'record.parent is not null and record.parent.slug is null',
    ]) }} as cast_loss_count
from records
{{ once_in_its_set('scope', 'record.id') }}
