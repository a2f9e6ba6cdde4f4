"""Who is who: accounts of all sources resolved to people, by rules, settings and recorded decisions."""
