"""Events in: poll, inbox, sequence gaps, projector."""
