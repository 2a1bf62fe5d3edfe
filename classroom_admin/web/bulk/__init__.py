"""Pages of bulk actions: choose classes, preview a command, follow its progress, and retry failed classes."""
