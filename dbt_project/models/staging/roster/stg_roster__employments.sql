-- Written by `python -m orchestration.staging_models write` from employments in connectors/roster.
-- One row per period in which nothing about a person's employment changed.
{{ config(incremental_strategy='current_set', unique_key=['source', 'person_token', 'valid_from_date']) }}

{% set structure = {
    'valid_from': 'VARCHAR', 'valid_until': 'VARCHAR', 'employment_from': 'VARCHAR', 'employment_until': 'VARCHAR',
    'fte_ratio': 'VARCHAR', 'level': 'VARCHAR', 'site': 'VARCHAR', 'team': 'VARCHAR', 'working_calendar': 'VARCHAR',
    'line': 'VARCHAR', 'person': {'id': 'VARCHAR'}, 'manager': {'id': 'VARCHAR'},
} %}
{% set columns = [
    ('valid_from_date', 'record.valid_from', 'date'),
    ('valid_until_date', 'record.valid_until', 'date'),
    ('employment_from_date', 'record.employment_from', 'date'),
    ('employment_until_date', 'record.employment_until', 'date'),
    ('fte_ratio', 'record.fte_ratio', 'double'),
    ('level', 'record.level', 'varchar'),
    ('site', 'record.site', 'varchar'),
    ('team', 'record.team', 'varchar'),
    ('working_calendar', 'record.working_calendar', 'varchar'),
    ('line_number', 'record.line', 'integer'),
] %}

with records as (
    {{ records_of_changed_sets('roster', 'employments', structure) }}
),

set_members as (
    select
        source, record_id, page_position, ordinal,
        {{ typed(columns) }}
        null::timestamptz as source_updated_at,
        {{ account('roster', 'record.person.id') }} as person_account,
        {{ account('roster', 'record.manager.id') }} as manager_account,
        {{ cast_losses(columns, [
            missing('record.valid_from'),
            missing('record.employment_from'),
            missing('record.fte_ratio'),
            missing('record.line'),
            'record.person is not null and record.person.id is null',
            'record.manager is not null and record.manager.id is null',
        ]) }} as cast_loss_count
    from records
    {{ once_in_its_set('scope, parent_key', ['person_account', 'valid_from_date']) }}
)

select
    source, valid_from_date, valid_until_date, employment_from_date, employment_until_date, fte_ratio, level, site,
    team, working_calendar, line_number, {{ token_columns('person') }}, {{ token_columns('manager') }},
    record_id, source_updated_at,
    cast_loss_count + {{ token_loss('person') }} + {{ token_loss('manager') }} as cast_loss_count
from set_members
{{ join_tokens('person') }}
{{ join_tokens('manager') }}
