"""Events in: poll, inbox, holes, fold."""
