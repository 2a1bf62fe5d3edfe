"""A stand-in for the Flexible Classroom cloud: same addresses, same rules, everything in memory.

It imports nothing else of this project, and the rest of this project does not import it: they communicate
over HTTP only. Start it with ``manage.py simulator`` or, in a test, with
``classroom_admin.simulator.testing.running_simulator``.
"""
