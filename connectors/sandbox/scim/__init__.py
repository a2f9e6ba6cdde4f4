"""The simulated directory: SCIM 2.0 over the staff of the story."""
