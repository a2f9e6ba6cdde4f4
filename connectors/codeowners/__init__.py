"""CODEOWNERS: who is to be asked about which paths, as the file said at each commit of a branch."""
