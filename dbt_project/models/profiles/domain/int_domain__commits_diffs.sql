-- Grain: one row per pair of commits that were deployed one after the other, and commit that only the newer contains.
select distinct
    deployments.commit_sha as new_commit_sha,
    replaced.commit_sha as old_commit_sha,
    differences.commit_sha
from {{ source('computed', 'deployment_differences') }} as differences
inner join {{ ref('int_deployments_rolled_out') }} as deployments
    on deployments.deployment_id = differences.deployment_id
inner join {{ source('computed', 'deployment_ancestry') }} as ancestry
    on ancestry.deployment_id = differences.deployment_id
inner join {{ ref('int_deployments_rolled_out') }} as replaced
    on replaced.deployment_id = ancestry.predecessor_deployment_id
