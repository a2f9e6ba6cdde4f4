"""What SQL cannot do well: steps in Python between evidence and models, each with one result."""
