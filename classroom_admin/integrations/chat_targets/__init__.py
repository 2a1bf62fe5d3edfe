"""Messages to chat services of the school: Slack, Microsoft Teams, Matrix and ntfy."""
