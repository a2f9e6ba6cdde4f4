-- Grain: one row per service, span of time and claim of another team than the one that counts.
with claims as (
    select * from {{ ref('int_service_owner_claims') }}
)

select
    lost.service_id,
    lost.valid_from,
    lost.valid_until,
    counts.team_id,
    counts.source_kind,
    counts.source,
    lost.team_id as claimed_team_id,
    lost.source_kind as claiming_source_kind,
    lost.source as claiming_source,
    case
        when lost.source_kind <> counts.source_kind
            then counts.source_kind || ' is believed before ' || lost.source_kind
        else 'of what ' || lost.source_kind || ' says, the other began later or stands first'
    end as reason
from claims as lost
inner join claims as counts
    on counts.service_id = lost.service_id
    and counts.valid_from = lost.valid_from
    and counts.claim_number = 1
where lost.team_id <> counts.team_id
order by lost.service_id, lost.valid_from, lost.claim_number
