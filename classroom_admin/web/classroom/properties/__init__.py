"""The page on which people edit the properties of a class, a person or an extension as JSON."""
