"""Make classes: the form, the check as one types, what is planned ahead."""
