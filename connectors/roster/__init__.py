"""The roster: who works here, from when to when, for how much of full time, and when they are away."""
