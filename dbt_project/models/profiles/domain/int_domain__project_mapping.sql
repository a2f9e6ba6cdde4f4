-- Grain: one row per project and table row (delivery scope, repository or incident board) that belongs to it.
-- A service, a team and the organisation are a project each. A project has no history: a team's is what it owns last.
with reporting as (
    select * from {{ ref('int_reporting') }}
),

last_owners as (
    select owners.service_id, owners.team_path
    from {{ ref('int_service_owners_dated') }} as owners
    cross join reporting
    where owners.valid_from < reporting.coverage_until and owners.valid_until >= reporting.coverage_until
    qualify row_number() over (partition by owners.service_id order by owners.valid_from desc) = 1
),

members as (
    select 'service:' || service_id as project_name, service_id, repository
    from {{ ref('int_services') }}
    union all
    select 'organisation:' || reporting.organisation as project_name, services.service_id, services.repository
    from {{ ref('int_services') }} as services
    cross join reporting
    union all
    select 'team:' || teams.team_id as project_name, services.service_id, services.repository
    from (select service_id, unnest(team_path) as team_id from last_owners) as teams
    inner join {{ ref('int_services') }} as services on services.service_id = teams.service_id
)

select project_name, 'cicd_scopes' as "table", service_id as row_id from members
union
select project_name, 'repos' as "table", repository as row_id from members where repository is not null
union
select project_name, 'boards' as "table", service_id as row_id from members
union
-- an incident of no service is one of the organisation
select 'organisation:' || organisation as project_name, 'boards' as "table", '(none)' as row_id from reporting
