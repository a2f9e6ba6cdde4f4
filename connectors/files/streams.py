"""The declarations that all sources of files share."""

from connectors.files.documents import FILES
from connectors.streams import Mode, PersonalData, Stream


def files_stream(
    *, description: str, personal_data: tuple[PersonalData, ...], documentation: str, name: str = FILES
) -> Stream:
    """The stream of the files as they were given.

    Its pages are the file's own bytes. Records are taken out of them into the streams beside it, whose pages
    name the file's hash, so that anybody can do it again and compare.
    """
    return Stream(
        name=name,
        title=name.replace("_", " ").capitalize(),
        description=description,
        mode=Mode.REPLACE_SET,
        keys=("@scope", "path", "part"),
        is_staged=False,
        personal_data=personal_data,
        documentation=documentation,
    )
