"""The class list: its sections, the alerts of live classes and their acknowledgements."""
