-- One row per incident in its newest version and what its texts name: a deployment, a commit, an issue, a pull request or a
-- release. The texts (title, scope of the impact, summary, root cause) are read for references only and go no further.
{{ config(incremental_strategy='newest_version', unique_key=['source', 'incident_id']) }}

{% set structure = {
    'id': 'VARCHAR',
    'attributes': {
        'title': 'VARCHAR', 'customer_impact_scope': 'VARCHAR', 'modified': 'VARCHAR',
        'fields': {'summary': {'value': 'VARCHAR'}, 'root_cause': {'value': 'VARCHAR'}},
    },
} %}
{% set columns = [
    ('incident_id', 'record.id', 'varchar'),
    ('source_updated_at', 'record.attributes.modified', 'timestamptz'),
] %}

with records as (
    {{ records_in(source('raw', 'datadog__incidents__new'), structure, wrapped_in=['data']) }}
),

texts as (
    select *,
        concat_ws(
            chr(10), record.attributes.title, record.attributes.customer_impact_scope,
            record.attributes.fields.summary.value, record.attributes.fields.root_cause.value
        ) as description
    from records
),

versions as (
    select
        source, record_id,
        {{ typed(columns) }}
        {{ cause_references('description') }},
        {{ cast_losses(columns, [missing('record.id')]) }} as cast_loss_count
    from texts
),

newest as (
    {{ newest_version('versions', ['incident_id']) }}
)

select
    source, incident_id, referenced_deployment_ids, mentioned_shas, mentioned_issues, referenced_tags,
    record_id, source_updated_at, cast_loss_count
from newest
