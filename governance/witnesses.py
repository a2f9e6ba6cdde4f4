"""Who may cosign, and who stamps the time: `witnesses`, `operated_by` and `timestamping` of the policies.

    operated_by: data-platform              # the team that runs Assay
    witnesses:
      - name: internal-audit
        key: internal-audit+5c1e3f7a+BPy1…  # as `assay witness init` prints it
        url: https://witness.audit.example  # asked at publication; without one, by file
        team: internal-audit
    timestamping:
      url: http://timestamp.example/tsr
      certificate: timestamp-root.pem       # beside the policies

A witness that is only a name can be asked for by a policy, and never counts: nobody could check its word.
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from governance.errors import PolicyError
from governance.names import plain_name
from governance.yaml_documents import Document

_WITNESS_KEYS = ("name", "key", "url", "team")
_STAMP_KEYS = ("url", "certificate")


@dataclass(frozen=True, slots=True)
class Witness:
    """Somebody whose cosignature may count.

    Attributes:
        name: as in the key.
        key: the public key as one line; None where only the name is known.
        url: where it answers; None where it is asked by file.
        team: to whom it belongs.
    """

    name: str
    key: str | None = None
    url: str | None = None
    team: str | None = None

    def reason_not_to_count(self, operated_by: str | None) -> str | None:
        """Why this witness proves nothing whatever it cosigns; None where it may count.

        Args:
            operated_by: the team that runs Assay.
        """
        if self.key is None:
            return "the policies give no key of it, so nobody can check its cosignature"
        if not operated_by:
            return (
                "the policies do not say by operated_by which team runs Assay, so nobody knows it is another"
            )
        if not self.team:
            return "the policies do not say to which team it belongs"
        if plain_name(self.team) == plain_name(operated_by):
            return f"it belongs to {self.team}, which runs Assay itself"
        return None


@dataclass(frozen=True, slots=True)
class Timestamping:
    """The timestamp authority: where it answers, and the PEM file with the root that it is trusted by."""

    url: str
    certificate: str


def read_witnesses(document: Document) -> tuple[Witness, ...]:
    """Read the list of witnesses.

    Raises:
        PolicyError: an entry is neither a name nor a mapping, or two have one name. The line is named.
    """
    given = document.value.get("witnesses") or []
    if not isinstance(given, list):
        raise PolicyError(f"{document.place('witnesses')}: witnesses is a list of names or mappings")
    witnesses = tuple(_witness(document, place, entry) for place, entry in enumerate(given))
    names = [witness.name for witness in witnesses]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise PolicyError(f"{document.place('witnesses')}: {doubled[0]} stands twice; one witness, one entry")
    return witnesses


def read_operator(document: Document) -> str | None:
    """Read which team runs Assay.

    Raises:
        PolicyError: it is no text.
    """
    given = document.value.get("operated_by")
    if given is not None and not (isinstance(given, str) and given.strip()):
        raise PolicyError(
            f"{document.place('operated_by')}: operated_by is the name of a team, not {given!r}"
        )
    return given


def read_timestamping(document: Document) -> Timestamping | None:
    """Read which authority stamps checkpoints; None where there is none.

    Raises:
        PolicyError: a part is missing or unknown.
    """
    given = document.value.get("timestamping")
    if given is None:
        return None
    if not isinstance(given, dict) or set(given) != set(_STAMP_KEYS):
        raise PolicyError(
            f"{document.place('timestamping')}: timestamping has the keys {', '.join(_STAMP_KEYS)}"
        )
    texts = _texts(document, ("timestamping",), given)
    return Timestamping(texts["url"], texts["certificate"])


def _witness(document: Document, place: int, entry: Any) -> Witness:
    keys = ("witnesses", str(place))
    if isinstance(entry, str) and entry.strip():
        return Witness(entry)
    if not isinstance(entry, dict) or "name" not in entry:
        raise PolicyError(f"{document.place(*keys)}: a witness is a name, or has name, key, url, team")
    for key in entry:
        if key not in _WITNESS_KEYS:
            near = difflib.get_close_matches(str(key), _WITNESS_KEYS, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(_WITNESS_KEYS)}"
            raise PolicyError(f"{document.place(*keys, str(key))}: unknown key {key!r}; {hint}")
    texts = _texts(document, keys, entry)
    key, name = texts.get("key"), texts["name"]
    if key is not None and key.partition("+")[0] != name:
        raise PolicyError(
            f"{document.place(*keys, 'key')}: the key is {key.partition('+')[0]}'s, the witness is {name}"
        )
    return Witness(name, key, texts.get("url"), texts.get("team"))


def _texts(document: Document, place: tuple[str, ...], given: Mapping[str, Any]) -> dict[str, str]:
    for key, value in given.items():
        if not isinstance(value, str) or not value.strip():
            raise PolicyError(f"{document.place(*place, key)}: {key} is a text, not {value!r}")
    return {key: value.strip() for key, value in given.items()}
