"""Sources that are files: found, read whole, landed as given, and put into records beside it."""
