"""A simulator of the Flexible Classroom cloud with the cloud's addresses and rules. All data is in memory.

The simulator and the rest of the project do not import each other: they communicate only over HTTP.
Start the simulator with ``manage.py simulator`` or, in a test, with
``classroom_admin.simulator.testing.running_simulator``.
"""
