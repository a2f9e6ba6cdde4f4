"""What the gate asks of a metric, one question per function; `governance.cell_predicates` asks of each value.

A predicate looks at the metric and at the circumstances, and answers with what it saw and what it wanted. It
never guesses: what is not known is not passed. Answers go into the ledger, so they name keys and no people.
"""

from collections.abc import Callable, Sequence

from governance.circumstances import Answer, Circumstances, MetricUnderReview
from governance.policies import INCENTIVE_MINIMUM_N, PERSON
from governance.signatures import filled_by_different_people, people_by_role, valid_signatures

Predicate = Callable[[MetricUnderReview, Circumstances], Answer]
RECONCILED_LAYERS = ("extraction", "landing", "staging", "facts", "marts")
"""Hand-overs between the source and a mart, as quality checks name them: each must have been compared."""
EXACT = "exact"
SHOWN_CROSSINGS = 3
TWO_PEOPLE = 2
THREADS = (1, 8)
"""With how many threads a value is formed again (DESIGN, invariant 3)."""


def clock_not_set_back(_: MetricUnderReview, circumstances: Circumstances) -> Answer:
    """The decision is not made before something that has happened already."""
    floors = circumstances.clock_floors
    expected = "an instant after every event of the governance log and every fetch"
    remedy = "set this machine's clock; if an event lies in the future, wait until it has passed"
    if floors is None:
        return False, "nobody looked what has happened already", expected, remedy
    ahead = [floor for floor in floors if not floor.is_respected(circumstances.at)]
    seen = "; ".join(f"{floor.basis} is of {floor.at.isoformat()}" for floor in ahead)
    return (
        not ahead,
        f"decided at {circumstances.at.isoformat()}, but {seen}" if ahead else "after all of them",
        expected,
        remedy,
    )


def definition_hash_known(metric: MetricUnderReview, _: Circumstances) -> Answer:
    """The definition that made the numbers can be named."""
    return (
        bool(metric.definition_hash),
        metric.definition_hash or "none",
        "the hash of the metric's canonical upstream",
        "build again, so that the compiled models are at hand",
    )


def definition_exact(metric: MetricUnderReview, _: Circumstances) -> Answer:
    """The arithmetic is exact, by what the definition says and by what it does (DEFINITIONS §7)."""
    clocks = metric.clocks
    inexact = ("nobody looked at its columns",) if clocks is None else clocks.inexact
    return (
        metric.exactness == EXACT and not inexact,
        f"declared {metric.exactness or 'nothing'}" + (f"; {', '.join(inexact)}" if inexact else ""),
        "declared exact; integers, DECIMAL and ordered statistics only",
        "define the metric without floating-point numbers and unordered aggregates",
    )


def check_results_pass(_: MetricUnderReview, circumstances: Circumstances) -> Answer:
    """Checks ran, and no blocking one is red."""
    blocking = [check for check in circumstances.checks if check.severity == "blocking"]
    failed = sorted(f"{check.name}({check.subject})" for check in blocking if not check.is_passed)
    observed = (
        f"{len(failed)} of {len(blocking)} red: {', '.join(failed[:5])}"
        if failed
        else f"{len(blocking)} green"
    )
    return (
        bool(blocking) and not failed,
        observed if blocking else "no blocking check ran",
        "at least one blocking check, all green",
        "`assay status` shows the checks and their remedies",
    )


def every_layer_reconciled(_: MetricUnderReview, circumstances: Circumstances) -> Answer:
    """Each hand-over from the source to the marts was compared, and holds."""
    green = {
        check.layer for check in circumstances.checks if check.severity == "blocking" and check.is_passed
    }
    missing = [layer for layer in RECONCILED_LAYERS if layer not in green]
    return (
        not missing,
        f"no green check of {', '.join(missing)}"
        if missing
        else f"green from {' to '.join(RECONCILED_LAYERS[::4])}",
        f"green blocking checks of {', '.join(RECONCILED_LAYERS)}",
        "build again, so that every check runs",
    )


def values_recomputed(metric: MetricUnderReview, _: Circumstances) -> Answer:
    """Every value comes out again from its facts, with one thread and with eight."""
    found = metric.recomputation
    expected = f"every value formed again exactly, with {' and '.join(map(str, THREADS))} threads"
    remedy = "build again; if it stays, the metric's formula is not deterministic"
    if found is None:
        return False, "not formed again", expected, remedy
    is_whole = set(found.differing) == set(THREADS)
    differing = sum(found.differing.values())
    text = ", ".join(
        f"{found.differing.get(count, 'not tried')} of {found.cells} differ with {count}" for count in THREADS
    )
    return is_whole and not differing, text + (f": {found.example}" if differing else ""), expected, remedy


def server_observed_times(metric: MetricUnderReview, _: Circumstances) -> Answer:
    """No number hangs on an instant that an author can set (DEFINITIONS §2.10)."""
    found = metric.clocks
    expected = "times that a server observed only"
    remedy = "use a metric that leaves author-settable times out, such as change_lead_time_server_observed"
    if found is None:
        return False, "nobody looked whose clocks it reads", expected, remedy
    faults = [
        *(f"{column} is declared by nobody" for column in found.undeclared),
        *(f"{column} can be set by an author" for column in found.author_settable),
        *([f"{found.author_settable_facts} facts have such a time"] if found.author_settable_facts else []),
    ]
    return not faults, "; ".join(faults) or "every column is a server's", expected, remedy


def scope_kinds_allowed(metric: MetricUnderReview, _: Circumstances) -> Answer:
    """Values are shown only for the kinds of scope that the policy lists; for incentives that is the team."""
    allowed = metric.policy.scope_kinds
    beyond = sorted(set(metric.cells.scope_kinds) - set(allowed))
    return (
        not beyond,
        f"also shown for {', '.join(beyond)}" if beyond else "none beyond",
        f"only {', '.join(allowed)}",
        "withhold the other scopes from the publication",
    )


def persons_listed(metric: MetricUnderReview, circumstances: Circumstances) -> Answer:
    """A metric is shown for persons only where a jurisdiction lists it for them."""
    allowing = sorted(
        each.name
        for each in circumstances.jurisdictions.jurisdictions.values()
        if metric.metric in each.person_metrics
    )
    is_asked = PERSON in metric.policy.scope_kinds or PERSON in metric.cells.scope_kinds
    return (
        not is_asked or bool(allowing),
        f"shown for persons; listed by {', '.join(allowing) or 'no jurisdiction'}"
        if is_asked
        else "teams only",
        "teams, or a jurisdiction that lists the metric for persons",
        "take person out of the metric's scope_kinds, or agree on it in governance/jurisdictions.yml",
    )


def minimum_n(metric: MetricUnderReview, _: Circumstances) -> Answer:
    """No value is shown that rests on fewer events than the metric demands."""
    smallest, wanted = metric.cells.smallest_n, metric.policy.minimum_n
    return (
        wanted >= INCENTIVE_MINIMUM_N and (smallest is None or smallest >= wanted),
        "nothing shown"
        if smallest is None
        else f"smallest n {smallest}, {metric.cells.withheld} cells withheld",
        f"n of at least {max(wanted, INCENTIVE_MINIMUM_N)} behind every value",
        "withhold small cells, or publish longer periods",
    )


def review_not_overdue(metric: MetricUnderReview, circumstances: Circumstances) -> Answer:
    """Somebody has looked at the metric recently enough."""
    due = metric.policy.review_by
    return (
        due is not None and circumstances.day <= due,
        f"review due {due.isoformat()}" if due else "no review date",
        "a review date that has not passed",
        "somebody reviews the metric and sets review_by, in its definition or in governance/policies.yml: "
        + (", ".join(metric.policy.owners) or metric.owner),
    )


def purpose_allowed(metric: MetricUnderReview, circumstances: Circumstances) -> Answer:
    """The publication says what it is for, and purpose and policy both allow this metric for it."""
    purpose = circumstances.purpose
    if purpose is None:
        return (
            False,
            "the publication names no purpose",
            f"one of {', '.join(metric.policy.purposes) or 'the purposes of its policy, which lists none'}",
            "name it: `publication:` in governance/purposes.yml, or `assay publish --purpose NAME`",
        )
    is_listed = purpose.name in metric.policy.purposes
    is_taken = purpose.allows(metric.metric, metric.policy.tier)
    listed, taken = ("" if holds else "not " for holds in (is_listed, is_taken))
    seen = f"{purpose.name} is {listed}listed by the policy and {taken}open to this metric as "
    return (
        is_listed and is_taken,
        seen + metric.policy.tier,
        "a purpose that the policy lists and that allows the metric's tier",
        f"{purpose.owner} decides in governance/purposes.yml, the metric's owner in governance/policies.yml",
    )


def signoff_present(metric: MetricUnderReview, circumstances: Circumstances) -> Answer:
    """Every required role signed this very definition, and the signature is in force."""
    signed = {one.role for one in valid_signatures(metric, circumstances)}
    wanted = metric.policy.required_roles
    missing = [role for role in wanted if role not in signed]
    return (
        bool(wanted) and bool(metric.definition_hash) and not missing,
        f"missing {', '.join(missing)}" if missing else f"signed by {', '.join(sorted(signed)) or 'nobody'}",
        f"signed by {', '.join(wanted) or 'at least one required role'}",
        f"the holders of these roles sign definition {metric.definition_hash} with `assay signoff`",
    )


def signers_independent(metric: MetricUnderReview, circumstances: Circumstances) -> Answer:
    """Owners sign as owners; nobody who owns, wrote or is measured by the metric signs another role."""
    signatures = valid_signatures(metric, circumstances)
    conflicts = [one for one in signatures if one.conflict is not None]
    free = {one.role for one in signatures if one.conflict is None}
    unfilled = [role for role in metric.policy.required_roles if role not in free]
    is_authored = bool(metric.policy.authors)
    seen = [
        *(f"{one.role} by key {one.signer.key_id}, who {one.conflict}" for one in conflicts),
        *([] if is_authored else ["the policy names no authors"]),
    ]
    return (
        is_authored and not unfilled,
        "; ".join(seen) or f"{len(signatures)} independent signatures",
        "each role signed by somebody independent, and authors that are known",
        "somebody else who holds the role signs; governance/policies.yml names the authors",
    )


def four_eyes(metric: MetricUnderReview, circumstances: Circumstances) -> Answer:
    """Different people stand behind the roles: nobody fills two of them, and there are two at least."""
    people = people_by_role(valid_signatures(metric, circumstances))
    roles = metric.policy.required_roles
    filled = filled_by_different_people(roles, people)
    anybody = set().union(*people.values()) if people else set()
    return (
        filled == len(roles) and len(anybody) >= TWO_PEOPLE,
        f"{filled} of {len(roles)} roles filled by different people",
        f"each of {len(roles)} roles by another person, {TWO_PEOPLE} people at least",
        "each role is signed by another person",
    )


def witness_cosigned(_: MetricUnderReview, circumstances: Circumstances) -> Answer:
    """A configured witness outside the team that runs Assay cosigned the checkpoint."""
    cosigned = sorted(set(circumstances.witnesses) & set(circumstances.cosigned_by))
    return (
        bool(cosigned),
        f"cosigned by {', '.join(cosigned)}" if cosigned else "no configured witness cosigned",
        f"a cosignature of {' or '.join(circumstances.witnesses) or 'a configured witness'}",
        "name a witness in governance/policies.yml; `assay checkpoint request` makes what it cosigns",
    )


def counter_metrics_evaluated(metric: MetricUnderReview, _: Circumstances) -> Answer:
    """What the metric could be bought with is defined and evaluated beside it."""
    wanted = metric.policy.counter_metrics
    unknown = [name for name in wanted if name not in metric.known_metrics]
    return (
        bool(wanted) and not unknown,
        f"unknown: {', '.join(unknown)}" if unknown else ", ".join(wanted) or "none named",
        "at least one counter-metric, all of them evaluated",
        "name counter-metrics in the definition or in governance/policies.yml",
    )


def cause_bounds_shown(metric: MetricUnderReview, _: Circumstances) -> Answer:
    """What hangs on the causes of incidents is shown with both bounds (DEFINITIONS §2.6)."""
    missing = [name for name in metric.bounds if name not in metric.known_metrics]
    expected = "both bounds: unknown causes as none, and as all that the rule would link"
    remedy = "define the metric's other bound, with the name of the first and _explicit"
    if metric.reads_dispositions is None:
        return False, "nobody looked whether it reads causes", expected, remedy
    if not metric.reads_dispositions:
        return True, "does not hang on causes of incidents", expected, remedy
    return (
        bool(metric.bounds) and not missing,
        f"missing {', '.join(missing)}" if missing else ", ".join(metric.bounds),
        expected,
        remedy,
    )


def disputes_known(_: MetricUnderReview, circumstances: Circumstances) -> Answer:
    """Somebody looked which values are disputed."""
    found = circumstances.restricted_cells
    return (
        found is not None,
        "nobody looked" if found is None else f"{len(found)} values under dispute",
        "the register of disputes",
        "`assay dispute list` must be able to read the register",
    )


def track_kept_apart(metric: MetricUnderReview, _: Circumstances) -> Answer:
    """Developmental feedback reaches the metric by no way (DESIGN, invariant 10)."""
    crossings = metric.track_crossings
    return (
        crossings is not None and not crossings,
        "nobody looked" if crossings is None else _first_crossings(crossings),
        "nothing of the developmental track upstream",
        "take the crossing out of the metric's upstream",
    )


def _first_crossings(crossings: Sequence[str]) -> str:
    """Name a few: one broken view can be in the way of a hundred models, and a leaf is read by people."""
    named = ", ".join(crossings[:SHOWN_CROSSINGS])
    more = len(crossings) - SHOWN_CROSSINGS
    return (f"{named}, and {more} more that `assay tracks` lists" if more > 0 else named) or "no crossing"


def some_value_open(metric: MetricUnderReview, _: Circumstances) -> Answer:
    """There is a value that may be shown."""
    cells = metric.cells
    reasons = sorted(cells.withheld_for.items(), key=lambda each: (-each[1], each[0]))
    text = ", ".join(f"{count} {reason}" for reason, count in reasons)
    return (
        cells.shown > 0,
        f"{cells.shown} shown, {cells.withheld} withheld" + (f": {text}" if text else ""),
        "at least one value that passes on its own",
        "`assay gate explain METRIC --scope SCOPE --period PERIOD` says what one value needs",
    )
