"""The pages of exports and erasures of people."""
