"""Run the processes of an installation with a supervisor and an embedded broker."""
