"""Pages of school sign-on: the way to a provider and back, what went wrong, and the emergency link."""
