-- Written by `python -m orchestration.staging_models write` from users in connectors/backstage.
-- One row per person of the catalog, with the groups that the entry names.
{{ config(incremental_strategy='current_set', unique_key=['source', 'repository', 'user_token']) }}

{% set structure = {'path': 'VARCHAR', 'line': 'VARCHAR', 'groups': 'JSON', 'user': {'id': 'VARCHAR'}} %}
{% set columns = [
    ('repository', 'case when record is not null then scope end', 'varchar'),
    ('catalog_path', 'record.path', 'varchar'),
    ('line_number', 'record.line', 'integer'),
] %}

with records as (
    {{ records_of_changed_sets('backstage', 'users', structure) }}
),

set_members as (
    select
        source, record_id, page_position, ordinal,
        {{ typed(columns) }}
        null::timestamptz as source_updated_at,
        {{ texts_in('record.groups', [[]]) }} as group_refs,
        {{ account('backstage', 'record.user.id') }} as user_account,
        {{ cast_losses(columns, [
            missing('record.path'),
            missing('record.line'),
            list_loss('record.groups', [[]]),
            'record.user is not null and record.user.id is null',
        ]) }} as cast_loss_count
    from records
    {{ once_in_its_set('scope, parent_key', ['repository', 'user_account']) }}
)

select
    source, repository, catalog_path, line_number, group_refs, {{ token_columns('user') }},
    record_id, source_updated_at, cast_loss_count + {{ token_loss('user') }} as cast_loss_count
from set_members
{{ join_tokens('user') }}
