"""What every metric means: now, on a day, in a publication, and what changed between two of them."""
