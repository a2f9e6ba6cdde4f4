-- One row per review, as its pull request's newest complete list of reviews has it.
{{ config(incremental_strategy='current_set', unique_key=['source', 'review_id']) }}

{% set structure = {'id': 'VARCHAR', 'state': 'VARCHAR', 'submitted_at': 'VARCHAR', 'user': {'id': 'VARCHAR'}} %}
{% set columns = [
    ('review_id', 'record.id', 'bigint'),
    ('pull_request_number', 'parent_key', 'bigint'),
    ('state', 'upper(record.state)', 'varchar'),
    ('submitted_at', 'record.submitted_at', 'timestamptz'),
] %}

with records as (
    {{ records_of_changed_sets('github', 'reviews', structure) }}
),

reviews as (
    select
        source, scope as repository, record_id, page_position, ordinal,
        {{ typed(columns) }}
        {{ github_account('record.user.id') }} as reviewer_account,
        {{ cast_losses(columns, [account_loss('record.user'), missing('record.state')]) }} as cast_loss_count
    from records
    {{ once_in_its_set('scope, parent_key', 'record.id') }}
)

select
    source, review_id, repository, pull_request_number, {{ token_columns('reviewer') }}, state, submitted_at,
    record_id, submitted_at as source_updated_at, cast_loss_count + {{ token_loss('reviewer') }} as cast_loss_count
from reviews
{{ join_tokens('reviewer') }}
