"""Split what `git log` prints into records, even where a text contains the separators themselves.

Anybody who may commit can put 0x1e and 0x1f into a message, and so write what looks like further commits.
Texts are searched for these bytes first. Where a commit has some, its record begins with bytes that are
known exactly, so the splitter steps over them instead of trusting what it finds there.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

RECORD = b"\x1e"
FIELD = b"\x1f"
_RECORD_SYMBOL = "\N{SYMBOL FOR RECORD SEPARATOR}".encode()
_UNIT_SYMBOL = "\N{SYMBOL FOR UNIT SEPARATOR}".encode()


@dataclass(frozen=True, slots=True)
class Marked:
    """A commit whose texts contain separators.

    Attributes:
        printed: Its record up to the paths, as git prints it.
        replaced: The same with the separators in texts replaced.
    """

    printed: bytes
    replaced: bytes

    @classmethod
    def of(cls, fields: list[bytes]) -> "Marked":
        """From the fields as they are."""
        clean = [without_separators(text) for text in fields]
        return cls(printed=RECORD + FIELD.join(fields) + FIELD, replaced=RECORD + FIELD.join(clean) + FIELD)


def without_separators(text: bytes) -> bytes:
    """The text with each separator replaced by its visible symbol."""
    return text.replace(RECORD, _RECORD_SYMBOL).replace(FIELD, _UNIT_SYMBOL)


def has_separators(chunks: Iterable[bytes]) -> bool:
    """Whether either separator occurs anywhere; everything is read, so that the program ends well."""
    found = False
    for chunk in chunks:
        found = found or RECORD in chunk or FIELD in chunk
    return found


def split_records(chunks: Iterable[bytes], marked: Mapping[bytes, Marked]) -> Iterator[bytes]:
    """Whole records from pieces of output.

    Args:
        chunks: What `git log` prints, cut anywhere.
        marked: Commits whose texts contain separators, by hash.

    Yields:
        One record each, from its 0x1e up to the next.
    """
    buffer = b""
    for chunk in chunks:
        buffer += chunk
        start = 0
        while (end := _end_of_record(buffer, start, marked)) is not None:
            yield _replaced(buffer[start:end], marked)
            start = end
        buffer = buffer[start:]
    if buffer:
        yield _replaced(buffer, marked)


def _end_of_record(buffer: bytes, start: int, marked: Mapping[bytes, Marked]) -> int | None:
    after = start + 1
    if marked:
        sha_end = buffer.find(FIELD, after)
        if sha_end < 0:
            return None
        commit = marked.get(buffer[after:sha_end])
        if commit is not None:
            after = start + len(commit.printed)
    end = buffer.find(RECORD, after)
    return None if end < 0 else end


def _replaced(record: bytes, marked: Mapping[bytes, Marked]) -> bytes:
    commit = marked.get(record[1 : record.find(FIELD)]) if marked else None
    return record if commit is None else commit.replaced + record[len(commit.printed) :]
