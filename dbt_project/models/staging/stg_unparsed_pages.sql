-- One row per page of evidence of which a record could not be read: the page is no text, no JSON of the expected
-- shape, or the record has no key. Filled from what the staging models set aside.
{{ config(materialized='view') }}

{% for name in staged_models() %}
-- depends_on: {{ ref(name) }}
{%- endfor %}

select
    pages.source,
    pages.kind,
    pages.stream,
    pages.scope,
    pages.parent_key,
    pages.log_index,
    pages.record_count as page_record_count,
    count(*) as unreadable_record_count,
    min(records.record_id) as first_record_id,
    pages.log_index in (select log_index from {{ source('raw', 'redactions') }}) as is_redacted
from {{ source('raw', 'unreadable_records') }} as records
inner join {{ source('raw', 'evidence_pages') }} as pages on pages.log_index = records.record_id >> 23
group by all
