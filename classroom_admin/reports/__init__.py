"""Reports about who attended a class, and about how complete the stored events are."""
