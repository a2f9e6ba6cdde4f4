"""The house as a whole: from the sources' answers to the published value, through the command's own path."""
