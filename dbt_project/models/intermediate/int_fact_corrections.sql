-- Grain: one row per part of a fact of which a correction in force says what it is in truth; see docs/corrections.md.
-- A value that nobody corrected is empty, and `has_corrected_<column>` tells it from one that is corrected to none.
select
    fact,
    fact_part_id,
    service_id,
    fact || ' ' || fact_part_id || coalesce(' ' || service_id, '') as fact_correction_id,
    {%- for name, type in correctable_columns().items() %}
    cast(max(case when column_name = '{{ name }}' then value end) as {{ type }}) as {{ name }},
    coalesce(bool_or(column_name = '{{ name }}'), false) as has_corrected_{{ name }},
    {%- endfor %}
    list(distinct leaf_index order by leaf_index) as leaf_indexes
from {{ source('config', 'corrections') }}
group by fact, fact_part_id, service_id
