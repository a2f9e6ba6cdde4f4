-- Grain: one row per service and version of its repository's CODEOWNERS that gives the service a team.
-- A rule owns a service when it is the last valid one that would match any file in the folder of the service's paths:
-- rules about some kinds of files within it do not. Of several paths, the first with a team counts.
with probes as (
    select
        service_id,
        lower(repository) as repository,
        place,
        regexp_extract(path_pattern, '^/?((?:[^*?\[/]+/)*)', 1) || case
            when regexp_matches(path_pattern, '[*?\[]') or ends_with(path_pattern, '/') then chr(1)
            else regexp_extract(path_pattern, '([^/]*)$', 1)
        end as probe_path
    from (
        select
            service_id, repository,
            unnest(path_patterns) as path_pattern, generate_subscripts(path_patterns, 1) as place
        from {{ ref('int_services') }}
    )
),

matches as (
    select distinct probes.service_id, probes.place, rules.repository, rules.pattern
    from probes
    inner join (
        select distinct lower(repository) as repository, pattern
        from {{ ref('stg_codeowners__rules') }}
        where is_valid
    ) as rules
        on rules.repository = probes.repository
        and regexp_matches(probes.probe_path, {{ codeowners_regex('rules.pattern') }})
),

versions as (
    select
        source,
        repository,
        commit_sha,
        committed_at as valid_from,
        coalesce(
            lead(committed_at) over (partition by source, repository order by committed_at, record_id, commit_sha),
            {{ end_of_time() }}
        ) as valid_until
    from {{ ref('stg_codeowners__versions') }}
),

last_rules as (
    select matches.service_id, matches.place, rules.source, rules.repository, rules.commit_sha, rules.team_slugs
    from {{ ref('stg_codeowners__rules') }} as rules
    inner join matches
        on matches.repository = lower(rules.repository) and matches.pattern = rules.pattern
    where rules.is_valid and not coalesce(rules.is_optional, false)
    qualify row_number() over (
        partition by matches.service_id, matches.place, rules.source, rules.repository, rules.commit_sha
        order by rules.position desc
    ) = 1
)

select
    last_rules.service_id,
    versions.source,
    versions.repository,
    versions.commit_sha,
    last_rules.team_slugs[1] as team_slug,
    versions.valid_from,
    versions.valid_until
from last_rules
inner join versions
    on versions.source = last_rules.source
    and versions.repository = last_rules.repository
    and versions.commit_sha = last_rules.commit_sha
where len(last_rules.team_slugs) > 0 and versions.valid_from < versions.valid_until
qualify row_number() over (
    partition by last_rules.service_id, versions.source, versions.repository, versions.commit_sha
    order by last_rules.place
) = 1
