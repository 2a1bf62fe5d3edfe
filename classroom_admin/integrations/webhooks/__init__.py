"""Outgoing webhooks: send notices to the school's own systems, signed and in order (`docs/webhooks-out.md`)."""
