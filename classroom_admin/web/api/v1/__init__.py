"""The REST API at `/api/v1/`, one module a topic. See docs/api.md."""
