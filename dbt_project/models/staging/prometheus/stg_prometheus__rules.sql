-- One row per recording or alerting rule, as the server evaluates it. Annotations are free text and stay out.
{{ config(
    incremental_strategy='current_set', unique_key=['source', 'rule_file', 'rule_group', 'rule_position']
) }}

{% set structure = {
    'name': 'VARCHAR', 'file': 'VARCHAR', 'interval': 'VARCHAR',
    'rules': [{
        'type': 'VARCHAR', 'name': 'VARCHAR', 'query': 'VARCHAR', 'duration': 'VARCHAR', 'labels': 'JSON',
        'health': 'VARCHAR', 'state': 'VARCHAR', 'lastEvaluation': 'VARCHAR', 'evaluationTime': 'VARCHAR',
    }],
} %}
{% set columns = [
    ('rule_type', 'rule.type', 'varchar'),
    ('rule_name', 'rule.name', 'varchar'),
    ('query', 'rule.query', 'varchar'),
    ('for_seconds', 'rule.duration', 'double'),
    ('labels', 'rule.labels', 'json'),
    ('state', 'rule.state', 'varchar'),
    ('health', 'rule.health', 'varchar'),
    ('last_evaluated_at', 'rule.lastEvaluation', 'timestamptz'),
    ('evaluation_seconds', 'rule.evaluationTime', 'double'),
    ('interval_seconds', 'interval_text', 'double'),
] %}

with groups as (
    {{ records_of_changed_sets('prometheus', 'rules', structure, wrapped_in=['data', 'groups']) }}
),

set_members as (
    select
        source, record_id, record.file as rule_file, record.name as rule_group, record.interval as interval_text,
        coalesce(record.rules, [null]) as rules
    from groups
    {{ once_in_its_set('scope, parent_key', ['rule_file', 'rule_group']) }}
),

rules as (
    select
        source, record_id, rule_file, rule_group, interval_text, unnest(rules) as rule,
        generate_subscripts(rules, 1) as place
    from set_members
)

select
    source, rule_file, rule_group, case when rule is not null then place::integer end as rule_position,
    {{ typed(columns) }}
    record_id, null::timestamptz as source_updated_at,
    {{ cast_losses(columns, ['rule is not null and (rule.name is null or rule.type is null)']) }} as cast_loss_count
from rules
