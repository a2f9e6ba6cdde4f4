-- Written by `python -m orchestration.staging_models write` from targets in connectors/prometheus.
-- One row per target that is scraped, with how its last scrape ended.
{{ config(incremental_strategy='current_set', unique_key=['source', 'scrape_pool', 'scrape_url', 'labels']) }}

{% set structure = {
    'scrapePool': 'VARCHAR', 'scrapeUrl': 'VARCHAR', 'labels': 'JSON', 'health': 'VARCHAR', 'lastScrape': 'VARCHAR',
    'lastScrapeDuration': 'VARCHAR', 'scrapeInterval': 'VARCHAR',
} %}
{% set columns = [
    ('scrape_pool', 'record.scrapePool', 'varchar'),
    ('scrape_url', 'record.scrapeUrl', 'varchar'),
    ('labels', 'record.labels', 'json'),
    ('job', "(record.labels ->> '$.\"job\"')", 'varchar'),
    ('instance', "(record.labels ->> '$.\"instance\"')", 'varchar'),
    ('service', "(record.labels ->> '$.\"service\"')", 'varchar'),
    ('health', 'record.health', 'varchar'),
    ('last_scraped_at', 'record.lastScrape', 'timestamptz'),
    ('last_scrape_seconds', 'record.lastScrapeDuration', 'double'),
    ('scrape_interval', 'record.scrapeInterval', 'varchar'),
] %}

with records as (
    {{ records_of_changed_sets('prometheus', 'targets', structure, wrapped_in=['data', 'activeTargets']) }}
),

set_members as (
    select
        source, record_id, page_position, ordinal,
        {{ typed(columns) }}
        null::timestamptz as source_updated_at,
        {{ cast_losses(columns, [
            missing('record.scrapePool'),
            missing('record.scrapeUrl'),
            missing('record.labels'),
            missing('record.health'),
        ]) }} as cast_loss_count
    from records
    {{ once_in_its_set('scope, parent_key', ['scrape_pool', 'scrape_url', 'labels']) }}
)

select
    source, scrape_pool, scrape_url, labels, job, instance, service, health, last_scraped_at, last_scrape_seconds,
    scrape_interval,
    record_id, source_updated_at, cast_loss_count
from set_members
