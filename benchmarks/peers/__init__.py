"""Other extractors on the same endpoints: their programs, the server that all are sent to, and ours."""
