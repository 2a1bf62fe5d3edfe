"""The class list page, with the alerts of live classes and the acknowledgements of alerts."""
