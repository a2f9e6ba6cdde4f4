-- One row per event of an issue or pull request, as its newest complete timeline has it.
{{ config(
    incremental_strategy='current_set', unique_key=['source', 'repository', 'issue_number', 'position', 'event']
) }}

{% set structure = {
    'event': 'VARCHAR', 'id': 'VARCHAR', 'node_id': 'VARCHAR', 'created_at': 'VARCHAR', 'submitted_at': 'VARCHAR',
    'actor': {'id': 'VARCHAR'}, 'user': {'id': 'VARCHAR'}, 'commit_id': 'VARCHAR', 'sha': 'VARCHAR',
    'label': {'name': 'VARCHAR'},
    'source': {'issue': {'number': 'VARCHAR', 'repository_url': 'VARCHAR', 'repository': {'full_name': 'VARCHAR'}}},
} %}
{% set columns = [
    ('issue_number', 'parent_key', 'bigint'),
    ('event', 'record.event', 'varchar'),
    ('event_at', 'coalesce(record.created_at, record.submitted_at)', 'timestamptz'),
    ('commit_sha', 'coalesce(record.commit_id, record.sha)', 'varchar'),
    ('label', 'record.label.name', 'varchar'),
] %}

with records as (
    {{ records_of_changed_sets('github', 'timeline', structure) }}
),

events as (
    select
        source, scope as repository, record_id, page_position, ordinal,
        {{ typed(columns) }}
        {{ github_account('coalesce(record.actor.id, record.user.id)') }} as actor_account,
        coalesce(
            record.source.issue.repository.full_name,
            nullif(regexp_extract(record.source.issue.repository_url, '/repos/([^/]+/[^/]+)$', 1), ''),
            scope
        ) || '#' || record.source.issue.number as cross_reference,
        {{ cast_losses(columns, [
            account_loss('record.actor'), account_loss('record.user'),
            'record.label is not null and record.label.name is null',
            "record.event = 'cross-referenced' and record.source.issue is not null and record.source.issue.number is null",
        ]) }} as cast_loss_count
    from records
    {{ once_in_its_set('scope, parent_key', "coalesce(record.node_id, 'record ' || record_id)") }}
)

select
    source, repository, issue_number,
    (row_number() over (
        partition by source, repository, issue_number order by page_position, ordinal
    ))::integer as position,
    event, event_at, {{ token_columns('actor') }}, commit_sha, label, cross_reference,
    record_id, null::timestamptz as source_updated_at, cast_loss_count + {{ token_loss('actor') }} as cast_loss_count
from events
{{ join_tokens('actor') }}
