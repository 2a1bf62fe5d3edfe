"""Outgoing webhooks: send notices to other systems, signed and in order (`docs/webhooks-out.md`)."""
