-- Grain: one row per fact, service, repository and reason for which events belong to no team, with what would help.
select
    fact,
    service_id,
    repository,
    organisation,
    ownership as reason,
    cast(list_sum(list(event_count order by event_date)) as bigint) as event_count,
    min(event_date) as first_event_date,
    max(event_date) as last_event_date,
    case
        when ownership = 'no_service' and repository is null
            then 'name its service where the event is reported: no setting can tell it'
        when ownership = 'no_service'
            then 'assay.yml: add to services one with repository ' || repository || ' and the paths that are its own'
        when ownership = 'no_owner'
            then 'assay.yml: add to services, ' || service_id || ', owners: [{team: …, from: ' || min(event_date) || '}]'
        else 'assay.yml: let an owner of services, ' || service_id || ', hold from ' || min(event_date)
            || ' until ' || (max(event_date) + 1) || '; or let ownership, reach_back name the source that knows it now'
    end as suggestion
from {{ ref('int_service_owner_events') }}
where ownership <> 'owned'
group by fact, service_id, repository, organisation, ownership
order by fact, service_id, repository, reason
