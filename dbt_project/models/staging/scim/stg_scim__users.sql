-- Written by `python -m orchestration.staging_models write` from users in connectors/scim.
-- One row per person in the directory.
{{ config(incremental_strategy='current_set', unique_key=['source', 'user_token']) }}

{% set structure = {
    'active': 'VARCHAR', 'userType': 'VARCHAR',
    'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User': {
        'department': 'VARCHAR', 'division': 'VARCHAR', 'organization': 'VARCHAR', 'costCenter': 'VARCHAR',
        'employeeNumber': 'VARCHAR', 'manager': {'value': 'VARCHAR'},
    },
    'meta': {'created': 'VARCHAR', 'lastModified': 'VARCHAR'}, 'id': 'VARCHAR',
} %}
{% set columns = [
    ('is_active', 'record.active', 'boolean'),
    ('user_type', 'record.userType', 'varchar'),
    ('department', 'record."urn:ietf:params:scim:schemas:extension:enterprise:2.0:User".department', 'varchar'),
    ('division', 'record."urn:ietf:params:scim:schemas:extension:enterprise:2.0:User".division', 'varchar'),
    ('organization', 'record."urn:ietf:params:scim:schemas:extension:enterprise:2.0:User".organization', 'varchar'),
    ('cost_center', 'record."urn:ietf:params:scim:schemas:extension:enterprise:2.0:User".costCenter', 'varchar'),
    ('created_at', 'record.meta.created', 'timestamptz'),
    ('source_updated_at', 'record.meta.lastModified', 'timestamptz'),
] %}

with records as (
    {{ records_of_changed_sets('scim', 'users', structure, wrapped_in=['Resources']) }}
),

set_members as (
    select
        source, record_id, page_position, ordinal,
        {{ typed(columns) }}
        {{ account('scim', 'record.id') }} as user_account,
        {{ account('roster', 'record."urn:ietf:params:scim:schemas:extension:enterprise:2.0:User".employeeNumber') }} as employee_account,
        {{ account('scim', 'record."urn:ietf:params:scim:schemas:extension:enterprise:2.0:User".manager.value') }} as manager_account,
        {{ cast_losses(columns, [
            'record is not null and record.id is null',
            'record."urn:ietf:params:scim:schemas:extension:enterprise:2.0:User".manager is not null and record."urn:ietf:params:scim:schemas:extension:enterprise:2.0:User".manager.value is null',
        ]) }} as cast_loss_count
    from records
    {{ once_in_its_set('scope, parent_key', ['user_account']) }}
)

select
    source, is_active, user_type, department, division, organization, cost_center, created_at,
    {{ token_columns('user') }}, {{ token_columns('employee') }}, {{ token_columns('manager') }},
    record_id, source_updated_at,
    cast_loss_count + {{ token_loss('user') }} + {{ token_loss('employee') }} + {{ token_loss('manager') }} as cast_loss_count
from set_members
{{ join_tokens('user') }}
{{ join_tokens('employee') }}
{{ join_tokens('manager') }}
