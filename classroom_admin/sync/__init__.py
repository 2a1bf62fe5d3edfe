"""Event sync with the cloud: polling, inbox, sequence gaps, reconciliation and projection."""
