"""What SQL cannot do well: the steps in Python that stand between evidence and models, each with one result."""
