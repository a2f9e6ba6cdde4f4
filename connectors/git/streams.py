"""What is read from a clone, declared.

Pages are what git printed: records start with 0x1e, fields are separated by 0x1f. A text that contains one
of the two bytes itself (a forged message could fake whole commits that way) has them replaced by U+241E
and U+241F.
"""

from connectors.streams import Mode, PersonalData, Stream

COMMITS = Stream(
    name="commits",
    title="Commits",
    description="A commit reachable from the branch, with the paths it touches; merges have none.",
    mode=Mode.APPEND,
    keys=("sha",),
    identity_paths=("author", "committer"),
    personal_data=(PersonalData.NAME, PersonalData.EMAIL, PersonalData.FREE_TEXT),
    documentation="https://git-scm.com/docs/git-log",
)
TAGS = Stream(
    name="tags",
    title="Tags",
    description="A tag and the commit that it names.",
    mode=Mode.REPLACE_SET,
    keys=("name",),
    documentation="https://git-scm.com/docs/git-for-each-ref",
)
STREAMS: tuple[Stream, ...] = (COMMITS, TAGS)
