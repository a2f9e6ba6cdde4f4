"""`python -m orchestration.profiles`: the command `assay profile` by another name."""

import sys

from orchestration.command import main

sys.exit(main(["profile", *sys.argv[1:]]))
