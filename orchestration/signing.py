"""Signing definitions off: what is signed is shown first; the log has the signature at once."""

import difflib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from governance.log import GOVERNANCE_LOG
from governance.purposes import Purpose
from governance.sign_off_log import revoke
from governance.sign_offs import RecordedSignOff, SignOff, load_sign_offs, sign_off, sign_off_statement
from governance.signatures import conflict_of
from governance.signers import Signer, SignerRegister
from orchestration.errors import UsageError
from orchestration.flow.gate_inputs import read_log, take_sign_offs
from orchestration.flow.warehouse import open_warehouse
from orchestration.gate_review import present_context
from orchestration.session import Session, open_session
from orchestration.sources import utc_now
from orchestration.workspace import Workspace
from publishing import PublicationContext
from publishing.analyst import review_warehouse
from publishing.durable import sync_folder, write_durably

FOLDER = "sign-offs"
USUAL_VALIDITY = timedelta(days=365)
_WORDS = ("title", "sentence", "description", "unit", "fact_relation", "filter_sql", "value_sql")


@dataclass(frozen=True, slots=True)
class SigningSheet:
    """What is put before a person who is to sign.

    Attributes:
        metric: The metric.
        definition_hash: What the signature is over.
        tier: What the metric may be used for.
        words: The definition in words and SQL: title, sentence, description, unit, fact_relation, filter_sql
            and value_sql.
        minimum_n, minimum_team_size: Below them no value is shown.
        counter_metrics: What is shown beside it.
        purposes: What it may be used for.
        last_signed: The newest sign-off of another definition of the metric in the same role.
        is_signed_already: Whether this very definition is signed in the role and scope.
        conflict: Why the person cannot give this role; None where nothing stands against it.
    """

    metric: str
    definition_hash: str
    tier: str
    words: Mapping[str, str]
    minimum_n: int
    minimum_team_size: int
    counter_metrics: tuple[str, ...]
    purposes: tuple[Purpose, ...]
    last_signed: SignOff | None
    is_signed_already: bool
    conflict: str | None


@dataclass(frozen=True, slots=True)
class Signing:
    """Who signs what: a role, a key, a scope, until a day."""

    metric: str
    role: str
    signer: Signer
    scope: str
    valid_until: date | None = None


def prepare(workspace: Workspace, signing: Signing) -> SigningSheet:
    """Return what the person is about to sign.

    Raises:
        UsageError: nothing is built yet, there is no such metric, team or jurisdiction, or the person may not
            sign in the role.
        GovernanceError: a register is wrong.
    """
    at = utc_now()
    with open_session(workspace, command="assay signoff", needs_sources=False) as session:
        context = present_context(session)
        _check_registered(context.register, signing)
        if signing.metric not in context.definition_hashes:
            known = ", ".join(sorted(context.definition_hashes))
            raise UsageError(f"There is no metric {signing.metric}; known: {known}")
        _check_scope(workspace, context, signing.scope)
        return _sheet(workspace, context, signing, at=at)


def sign(workspace: Workspace, signing: Signing, sheet: SigningSheet) -> tuple[Path, SignOff]:
    """Sign what the sheet shows, write it to `governance/sign-offs/` and record it in the governance log.

    Args:
        workspace: Where.
        signing: By whom, in which role, for which scope, until when.
        sheet: What was shown.

    Returns:
        The file and the sign-off.

    Raises:
        UsageError: something stands against the signer, this very statement was revoked, or the clock is
            behind the governance log.
        SignerError: the scope or the days make no sense.
    """
    if sheet.conflict is not None:
        raise UsageError(
            f"{signing.signer.person} {sheet.conflict}, and cannot sign it as {signing.role}: nobody signs "
            "an own metric (docs/gate.md). Somebody else who holds the role signs"
        )
    at = utc_now()
    today = at.date()
    statement = sign_off_statement(
        metric=signing.metric,
        definition_hash=sheet.definition_hash,
        role=signing.role,
        scope=signing.scope,
        valid_from=today,
        valid_until=signing.valid_until or today + USUAL_VALIDITY,
    )
    given = sign_off(signing.signer, statement)
    with open_session(workspace, command="assay signoff", needs_sources=False) as session:
        _refuse_early_clock(session, at)
        _refuse_revoked(session, given)
        path = _write(workspace.governance / FOLDER, given)
        take_sign_offs(session, at=at)
        session.ledger.checkpoint(GOVERNANCE_LOG, session.signer(), at=at)
    return path, given


def list_sign_offs(workspace: Workspace) -> tuple[tuple[RecordedSignOff, str | None], ...]:
    """Return every sign-off with the name of its signer, if the register knows the key.

    Raises:
        GovernanceError: a file is no sign-off, or the register is wrong.
    """
    register = SignerRegister.load(workspace.governance / "signers.yml")
    found = load_sign_offs(workspace.governance / FOLDER)
    with open_session(workspace, command="assay signoff", needs_sources=False) as session:
        recorded = read_log(session.ledger).history.of(found)
    signers = [register.find(one.sign_off.signature.key_id) for one in recorded]
    return tuple(
        (one, signer.person if signer else None) for one, signer in zip(recorded, signers, strict=True)
    )


def revoke_sign_off(workspace: Workspace, signing: Signing, *, reason: str) -> list[int]:
    """Take back the sign-offs of a metric in a role and scope that are in force; return their leaves.

    Args:
        workspace: Where.
        signing: What is taken back, and by whom.
        reason: Why; it stays for ever and names nobody.

    Raises:
        UsageError: none is in force, or the clock is behind the governance log.
        SignerError: the person may not revoke it.
    """
    at = utc_now()
    register = SignerRegister.load(workspace.governance / "signers.yml")
    with open_session(workspace, command="assay signoff", needs_sources=False) as session:
        _refuse_early_clock(session, at)
        reading = take_sign_offs(session, at=at)
        found = reading.history.of(load_sign_offs(workspace.governance / FOLDER))
        wanted = (signing.metric, signing.role, signing.scope)
        in_force = [one.sign_off for one in found if _names(one.sign_off) == wanted and one.is_in_force(at)]
        if not in_force:
            raise UsageError(
                f"No sign-off of {signing.metric} as {signing.role} for {signing.scope} is in force; "
                "`assay signoff list` shows them all"
            )
        with session.ledger.transaction() as transaction:
            leaves = [
                revoke(transaction, one, reason=reason, signer=signing.signer, register=register, at=at)
                for one in in_force
            ]
        session.ledger.checkpoint(GOVERNANCE_LOG, session.signer(), at=at)
    return leaves


def _names(one: SignOff) -> tuple[str, str, str]:
    return one.metric, one.role, one.scope


def _check_registered(register: SignerRegister, signing: Signing) -> None:
    person, role = signing.signer.person, signing.role
    held = [one for one in register.signers if one.public_key == signing.signer.public_key]
    if not held or held[0].person != person:
        whose = f"it is {held[0].person}'s" if held else "nobody's"
        raise UsageError(
            f"The key is not {person}'s by governance/signers.yml ({whose}). `assay signer` makes a "
            "key and the entry for it"
        )
    if role not in held[0].roles:
        holders = ", ".join(one.person for one in register.holders(role)) or "nobody"
        raise UsageError(f"{person} does not hold the role {role} in governance/signers.yml; {holders} does")


def _check_scope(workspace: Workspace, context: PublicationContext, scope: str) -> None:
    """Refuse a scope that would cover nothing, for whoever signs it believes that it counts."""
    kind, _, name = scope.partition(":")
    if kind == "jurisdiction":
        known = sorted(context.jurisdictions.jurisdictions)
    elif kind == "team":
        with open_warehouse(workspace.warehouse, is_read_only=True) as con:
            rows = con.execute("select distinct team_id from marts.dim_teams order by 1").fetchall()
        known = [str(team) for (team,) in rows]
    else:
        return
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(known) or 'none'}"
        raise UsageError(f"There is no {kind} {name}, so the sign-off would cover nothing; {hint}")


def _sheet(
    workspace: Workspace, context: PublicationContext, signing: Signing, *, at: datetime
) -> SigningSheet:
    review = review_warehouse(workspace.warehouse, context, at=at, only=signing.metric)
    metric = review.reviewed[signing.metric]
    with open_warehouse(workspace.warehouse, is_read_only=True) as con:
        rows = con.execute(
            f"select {', '.join(_WORDS)} from marts.dim_metrics where metric = ? "
            "order by metric_version desc limit 1",
            [signing.metric],
        ).fetchall()
    (who,) = [one for one in context.register.signers if one.public_key == signing.signer.public_key]
    digest = context.definition_hashes[signing.metric]
    return SigningSheet(
        metric=signing.metric,
        definition_hash=digest,
        tier=metric.policy.tier,
        words={name: str(word or "") for name, word in zip(_WORDS, rows[0], strict=True)},
        minimum_n=metric.policy.minimum_n,
        minimum_team_size=metric.policy.minimum_team_size,
        counter_metrics=metric.policy.counter_metrics,
        purposes=tuple(
            context.purposes.purposes[name]
            for name in metric.policy.purposes
            if name in context.purposes.purposes
        ),
        last_signed=_last_signed(context.sign_offs, signing, digest),
        is_signed_already=any(
            _names(one.sign_off) == (signing.metric, signing.role, signing.scope)
            and one.sign_off.definition_hash == digest
            and one.is_in_force(at)
            for one in context.sign_offs
        ),
        conflict=conflict_of(who, signing.role, metric),
    )


def _last_signed(found: Sequence[RecordedSignOff], signing: Signing, digest: str) -> SignOff | None:
    others = [
        one
        for one in found
        if (one.sign_off.metric, one.sign_off.role) == (signing.metric, signing.role)
        and one.sign_off.definition_hash != digest
        and one.recorded_at is not None
    ]
    newest = max(others, key=lambda one: (str(one.recorded_at), one.sign_off.sha256), default=None)
    return newest.sign_off if newest else None


def _refuse_early_clock(session: Session, at: datetime) -> None:
    for floor in read_log(session.ledger).floors():
        if not floor.is_respected(at):
            raise UsageError(
                f"This machine's clock says {at.isoformat(timespec='seconds')}, and {floor.basis} is of "
                f"{floor.at.isoformat(timespec='seconds')}. Set the clock; nothing was signed"
            )


def _refuse_revoked(session: Session, given: SignOff) -> None:
    """Refuse a statement that was taken back: the same words on the same day are the same signature."""
    revoked_at = read_log(session.ledger).history.revoked_at.get(given.sha256)
    if revoked_at is not None:
        raise UsageError(
            f"This very sign-off, of {given.valid_from} until {given.valid_until}, was revoked at "
            f"{revoked_at.isoformat(timespec='seconds')}, and stays revoked. Give one with another "
            "end (--until DAY), or on another day; nothing was signed"
        )


def _write(folder: Path, given: SignOff) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{given.metric}-{given.role}-{given.sha256[:12]}.json"
    text = json.dumps(given.to_document(), indent=2, sort_keys=True) + "\n"
    unfinished = path.with_suffix(".part")  # nobody reads it, should the power fail
    write_durably(unfinished, text.encode())
    unfinished.replace(path)
    sync_folder(folder)
    return path
