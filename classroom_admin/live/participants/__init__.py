"""The people of a class on its page: hands, removals to come, the class list, and one person's own page."""
