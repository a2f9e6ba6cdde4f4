"""`assay verify`: is everything still what it was?"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestration.commands.options import json_option, parsed, workspace_option

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lineage.ledger import NoteVerifier, WitnessKey
    from orchestration.ledger.verification import Finding, KnownKeys
    from publishing.offline import ProofReport

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@workspace_option
@json_option
@click.option(
    "--key", "keys", multiple=True, help="A verifier key to trust, as one line. Default: the workspace's."
)
@click.option("--witness", "witnesses", multiple=True, help="A witness's key: it must have cosigned.")
@click.option("--publication", metavar="ID", help="Only this publication; `current` is the newest.")
@click.option("--proof", type=_FILE, help="A .tlog-proof, offline; --file says what it must be about.")
@click.option(
    "--file", "exported", type=_FILE, help="One exported file, with its publication's folder alone."
)
def verify(
    folder: Path | None,
    *,
    as_json: bool,
    keys: tuple[str, ...],
    witnesses: tuple[str, ...],
    publication: str | None,
    proof: Path | None,
    exported: Path | None,
) -> int:
    """Check evidence, logs and publications against their hashes; name each object that differs.

    A file or a proof needs no workspace: give the organisation's key with --key, as it reached you by a way
    that does not go through the file.
    """
    from lineage.ledger import NoteVerifier, WitnessKey
    from orchestration.errors import UsageError
    from orchestration.ledger import verification
    from orchestration.workspace import find_workspace

    trusted = parsed("--key", keys, NoteVerifier.parse)
    cosigners = parsed("--witness", witnesses, WitnessKey.parse)
    if publication and (proof or exported):
        raise UsageError("--publication is checked with its workspace; leave out --file and --proof")
    if proof is not None:
        return _verify_proof(proof, exported, folder, trusted, cosigners, as_json=as_json)
    if exported is not None:
        return _verify_file(exported, folder, trusted, cosigners, as_json=as_json)
    workspace = find_workspace(folder)
    if publication:
        found = verification.verify_one_publication(workspace, publication, trusted=trusted)
        return _tell(
            found, as_json=as_json, good=f"The publication {publication} is what it was when it was sealed."
        )
    found = verification.verify_workspace(workspace, trusted=trusted)
    return _tell(
        found, as_json=as_json, good="Everything is what it was: the logs, the evidence and the publications."
    )


def _verify_file(
    exported: Path,
    folder: Path | None,
    trusted: "Sequence[NoteVerifier]",
    witnesses: "Sequence[WitnessKey]",
    *,
    as_json: bool,
) -> int:
    from orchestration.errors import UsageError
    from orchestration.ledger.verification import Finding
    from publishing.errors import ManifestError
    from publishing.offline import publication_of, verify_exported_file

    try:
        publication_of(exported)
    except ManifestError as error:
        raise UsageError(str(error)) from error
    known = _known_keys(trusted, folder, exported)
    found = (
        Finding("file", one.object_name, one.problem, one.is_fatal)
        for one in verify_exported_file(
            exported, verifiers=known.keys, witnesses=witnesses, rotations=known.rotations
        )
    )
    return _tell(found, as_json=as_json, good=f"{exported} is what was published, sealed and signed.")


def _verify_proof(
    proof: Path,
    exported: Path | None,
    folder: Path | None,
    trusted: "Sequence[NoteVerifier]",
    witnesses: "Sequence[WitnessKey]",
    *,
    as_json: bool,
) -> int:
    from orchestration.errors import UsageError
    from publishing.offline import verify_proof_file

    try:
        document = proof.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{proof} cannot be read as a proof: {error}") from error
    known = _known_keys(trusted, folder, proof)
    if not known.keys:
        raise UsageError(
            "A proof shows something to whoever trusts a key: give the organisation's with --key. "
            "`assay key show` prints it where the workspace is"
        )
    report = verify_proof_file(
        document, verifiers=known.keys, witnesses=witnesses, rotations=known.rotations, exported=exported
    )
    return _tell_proof(report, as_json=as_json)


def _tell_proof(report: "ProofReport", *, as_json: bool) -> int:
    fatal = sum(one.is_fatal for one in report.findings)
    if as_json:
        click.echo(json.dumps(report.document(), indent=2, ensure_ascii=False))
        return 1 if fatal else 0
    for one in report.findings:
        click.echo(f"{'DIFFERS' if one.is_fatal else 'note   '} {one.object_name}: {one.problem}")
    if report.proven is not None and not fatal:
        for line in report.sentences():
            click.echo(line)
    return 1 if fatal else 0


def _known_keys(trusted: "Sequence[NoteVerifier]", folder: Path | None, near: Path) -> "KnownKeys":
    """The keys that were given; else those of a workspace that was named, or that the file lies in."""
    from orchestration.errors import UsageError
    from orchestration.ledger.verification import KnownKeys, known_keys
    from orchestration.workspace import find_workspace

    if trusted:
        return KnownKeys(tuple(trusted))
    try:
        workspace = find_workspace(folder, start=near.absolute().parent)
    except UsageError:
        if folder is not None:
            raise
        return KnownKeys()
    return known_keys(workspace)


def _tell(found: "Iterable[Finding]", *, as_json: bool, good: str) -> int:
    findings = []
    for finding in found:
        findings.append(finding)
        if not as_json:
            label = "DIFFERS" if finding.is_fatal else "note   "
            click.echo(f"{label} {finding.part}: {finding.object_name}: {finding.problem}")
    fatal = sum(finding.is_fatal for finding in findings)
    if as_json:
        click.echo(
            json.dumps({"differs": fatal, "findings": [asdict(finding) for finding in findings]}, indent=2)
        )
    elif fatal:
        objects = "1 object is" if fatal == 1 else f"{fatal} objects are"
        click.echo(
            f"{objects} not what was recorded. Keep the workspace as it is, and restore each from a backup;"
        )
        click.echo("docs/runbooks/damaged-evidence.md says how, and what can be fetched or built again.")
    else:
        click.echo(good)
    return 1 if fatal else 0
