-- Grain: one row per fact that metrics are made of and stream that it is made of, as the lineage of the models says.
-- Streams that only say whose a fact is (owners, teams, people) are left out: they hold what stands, not what happened.
{% set pairs = fact_streams() %}
select fact_relation, kind, stream
from (
    values
    {% for fact, stream in pairs %}
    ('{{ fact }}', '{{ stream.split("__")[0] }}', '{{ stream.split("__")[1] }}'){{ ',' if not loop.last }}
    {% else %}
    ('the lineage is read when the model runs', '', '')
    {% endfor %}
) as feeding (fact_relation, kind, stream)
