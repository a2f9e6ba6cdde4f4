"""One module per subcommand of `assay`; each imports what it needs when it runs."""
