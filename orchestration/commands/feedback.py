"""`assay feedback`: what people tell each other to grow, apart from every number."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from orchestration.commands.options import json_option, workspace_option

if TYPE_CHECKING:
    from collections.abc import Callable

    from governance.feedback import NewPiece, Person, Piece

_KINDS = click.Choice(["manager", "peer", "self", "upward"])
_TIME = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S%z"])
_PERSON = "An account, such as github:ada, or a name."
_as_option = click.option("--as", "reader", required=True, metavar="PERSON", help=f"Who reads. {_PERSON}")


@click.group()
def feedback() -> None:
    """Give, read and cite developmental feedback. It never feeds a metric (docs/tracks.md)."""


@feedback.command()
@click.option("--from", "giver", required=True, metavar="PERSON", help=_PERSON)
@click.option("--about", "subject", required=True, metavar="PERSON", help=_PERSON)
@click.option("--kind", type=_KINDS, required=True)
@click.option("--text", help="The words. Default: what is typed, up to the end of input.")
@click.option("--at", "given_at", type=_TIME, help="When it was given. Default: now.")
@click.option("--citable", "is_citable", is_flag=True, help="The giver allows it to be cited.")
@workspace_option
@json_option
def give(
    folder: Path | None, *, as_json: bool, text: str | None, given_at: datetime | None, **given: Any
) -> None:
    """Keep a piece of feedback."""
    from orchestration.feedback import give_feedback
    from orchestration.sources import utc_now
    from orchestration.workspace import find_workspace

    words = sys.stdin.read() if text is None else text
    at = utc_now()
    make = _maker(words, given_at or at, **given)
    piece_id = give_feedback(find_workspace(folder), make, at=at)
    click.echo(json.dumps({"piece": piece_id}) if as_json else f"Kept as {piece_id}.")


@feedback.command(name="import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@workspace_option
@json_option
def import_(file: Path, folder: Path | None, *, as_json: bool) -> None:
    """Keep every piece of a CSV file: from, about, kind, given_at, text and, if wanted, citable."""
    from orchestration.feedback import import_feedback
    from orchestration.sources import utc_now
    from orchestration.workspace import find_workspace

    names = import_feedback(find_workspace(folder), file, at=utc_now())
    click.echo(json.dumps({"pieces": names}) if as_json else f"{len(names)} pieces kept.")


@feedback.command(name="list")
@_as_option
@workspace_option
@json_option
def list_(reader: str, folder: Path | None, *, as_json: bool) -> None:
    """List the pieces that PERSON may read: about them, from them, or all for a coach."""
    from orchestration.feedback import feedback_desk
    from orchestration.sources import utc_now
    from orchestration.workspace import find_workspace

    at = utc_now()
    with feedback_desk(find_workspace(folder), at=at) as (desk, person):
        found = desk.listed(person(reader), at=at)
    if as_json:
        click.echo(json.dumps([_document(piece) for piece in found], indent=2, ensure_ascii=False))
        return
    for piece in found:
        click.echo(_line(piece))
    click.echo(f"{len(found)} pieces")


@feedback.command()
@click.argument("piece_id", metavar="ID")
@_as_option
@workspace_option
@json_option
def show(piece_id: str, reader: str, folder: Path | None, *, as_json: bool) -> None:
    """Show a piece. A read by anybody but the person it is about is noted in the governance log."""
    from orchestration.feedback import feedback_desk
    from orchestration.sources import utc_now
    from orchestration.workspace import find_workspace

    at = utc_now()
    with feedback_desk(find_workspace(folder), at=at) as (desk, person):
        piece = desk.show(piece_id, person(reader), at=at)
    if as_json:
        click.echo(json.dumps({**_document(piece), "text": piece.text}, indent=2, ensure_ascii=False))
        return
    click.echo(_line(piece))
    click.echo(piece.text)


@feedback.command()
@click.argument("piece_id", metavar="ID")
@click.option("--as", "person_named", required=True, metavar="PERSON", help="The giver or the subject.")
@workspace_option
def consent(piece_id: str, person_named: str, folder: Path | None) -> None:
    """Allow a piece to be cited in an assessment; its giver or its subject may."""
    from orchestration.feedback import feedback_desk
    from orchestration.sources import utc_now
    from orchestration.workspace import find_workspace

    at = utc_now()
    with feedback_desk(find_workspace(folder), at=at) as (desk, person):
        part = desk.consent(piece_id, person(person_named), at=at)
    click.echo(f"The {part} allows {piece_id} to be cited.")


@feedback.command()
@click.argument("piece_id", metavar="ID")
@click.option(
    "--assessment", required=True, metavar="NAME", help="As its file is called, such as 2027-h1-ada."
)
@click.option("--excerpt", required=True, metavar="TEXT", help="Words of the piece, as they stand there.")
@click.option("--basis", required=True, metavar="TEXT", help="Why they belong into the assessment.")
@click.option("--as", "by", required=True, metavar="PERSON", help="Who cites and answers for it.")
@workspace_option
@json_option
def cite(
    piece_id: str, folder: Path | None, *, assessment: str, excerpt: str, basis: str, by: str, as_json: bool
) -> None:
    """Copy an excerpt into an assessment by hand; the citation is logged, and enters no number."""
    from orchestration.feedback import cite_feedback
    from orchestration.sources import utc_now
    from orchestration.workspace import find_workspace

    file, index = cite_feedback(
        find_workspace(folder), piece_id, assessment, excerpt, basis=basis, by=by, at=utc_now()
    )
    if as_json:
        click.echo(json.dumps({"assessment": str(file), "leaf_index": index}, indent=2))
        return
    click.echo(f"Cited in {file}; leaf {index} of the governance log.")


def _maker(
    text: str, given_at: datetime, *, giver: str, subject: str, kind: Any, is_citable: bool
) -> "Callable[[Callable[[str], Person]], NewPiece]":
    from governance.feedback import NewPiece

    def make(person: "Callable[[str], Person]") -> "NewPiece":
        return NewPiece(
            giver=person(giver),
            subject=person(subject),
            kind=kind,
            given_at=given_at if given_at.tzinfo else given_at.replace(tzinfo=UTC),
            text=text,
            is_citable=is_citable,
        )

    return make


def _line(piece: "Piece") -> str:
    cited = f"may be cited ({', '.join(piece.consents)})" if piece.consents else "may not be cited"
    people = f"from {piece.giver_name} about {piece.subject_name}"
    return f"{piece.piece_id}  {piece.given_at:%Y-%m-%d}  {piece.kind}  {people}  {cited}"


def _document(piece: "Piece") -> dict[str, Any]:
    return {
        "piece": piece.piece_id,
        "given_at": piece.given_at.isoformat(),
        "kind": piece.kind,
        "from": piece.giver_name,
        "about": piece.subject_name,
        "consents": list(piece.consents),
    }
