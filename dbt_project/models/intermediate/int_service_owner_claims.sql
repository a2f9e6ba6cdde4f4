-- Grain: one row per service, span of time in which no statement about it begins or ends, and team that a source names.
-- Claim 1 counts: of the source that is believed first, the ownership that began last.
with spans as (
    {{ spans_between(ref('int_service_owner_statements'), 'service_id') }}
),

claims as (
    select
        spans.service_id, spans.valid_from, spans.valid_until,
        statements.team_id, statements.source_kind, statements.source, statements.source_rank, statements.place,
        statements.valid_from as claimed_from
    from spans
    inner join {{ ref('int_service_owner_statements') }} as statements
        on statements.service_id = spans.service_id
        and statements.valid_from <= spans.valid_from
        and statements.valid_until > spans.valid_from
    qualify row_number() over (
        partition by spans.service_id, spans.valid_from, statements.source_kind, statements.source, statements.team_id
        order by statements.place, statements.valid_from desc
    ) = 1
)

select
    service_id,
    valid_from,
    valid_until,
    team_id,
    source_kind,
    source,
    row_number() over (
        partition by service_id, valid_from
        order by source_rank, place, claimed_from desc, team_id, source
    ) as claim_number
from claims
