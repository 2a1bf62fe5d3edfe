"""The settings pages of outgoing webhooks."""
