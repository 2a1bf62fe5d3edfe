"""The wall: why a class needs a person, who looks after it, and the order of the list from it."""
