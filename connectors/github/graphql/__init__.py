"""Reviews, commits and timelines of many pull requests in one request, where GitHub's GraphQL API answers."""
