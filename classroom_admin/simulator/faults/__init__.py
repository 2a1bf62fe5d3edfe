"""Ways in which the cloud can go wrong, set by hand or by a test."""
