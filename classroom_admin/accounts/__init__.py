"""Who may do what: people, their roles and their cloud user ids."""
