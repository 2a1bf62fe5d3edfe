"""The school's own face: its settings with a preview, its style sheet, its logo, and its announcement."""
