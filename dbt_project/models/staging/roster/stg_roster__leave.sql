-- Written by `python -m orchestration.staging_models write` from leave in connectors/roster.
-- One row per time in which a person is away; why is not known.
{{ config(incremental_strategy='current_set', unique_key=['source', 'person_token', 'from_date']) }}

{% set structure = {
    'from_date': 'VARCHAR', 'until_date': 'VARCHAR', 'line': 'VARCHAR', 'person': {'id': 'VARCHAR'},
} %}
{% set columns = [
    ('from_date', 'record.from_date', 'date'),
    ('until_date', 'record.until_date', 'date'),
    ('line_number', 'record.line', 'integer'),
] %}

with records as (
    {{ records_of_changed_sets('roster', 'leave', structure) }}
),

set_members as (
    select
        source, record_id, page_position, ordinal,
        {{ typed(columns) }}
        null::timestamptz as source_updated_at,
        {{ account('roster', 'record.person.id') }} as person_account,
        {{ cast_losses(columns, [
            missing('record.from_date'),
            missing('record.until_date'),
            missing('record.line'),
            'record.person is not null and record.person.id is null',
        ]) }} as cast_loss_count
    from records
    {{ once_in_its_set('scope, parent_key', ['person_account', 'from_date']) }}
)

select
    source, from_date, until_date, line_number, {{ token_columns('person') }},
    record_id, source_updated_at, cast_loss_count + {{ token_loss('person') }} as cast_loss_count
from set_members
{{ join_tokens('person') }}
