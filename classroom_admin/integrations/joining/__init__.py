"""The way of students into a class: by a link for the class, or by personal links."""
