"""Live updates of open pages by server-sent events: each change is rendered once for all subscribers."""
