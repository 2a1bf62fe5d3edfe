"""Live page updates by server-sent events. Each change is rendered once for all subscribers."""
