"""The simulated organisation's CircleCI, served below `/circleci/api/v2`."""
