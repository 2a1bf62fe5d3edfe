"""Pages of mails by choice and of chat services."""
