"""Classes that are planned ahead: a series, or one class further ahead than the cloud keeps a room.

recurrence   a rule of a series -> the moments at which its classes begin. Pure
series       plan, cancel, try again; each on record
making       makes what is due, each class by its own command; any process, any number of times
"""
