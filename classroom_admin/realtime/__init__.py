"""Live push: one connection a page, and what changed is rendered once for all who watch."""
