"""What was done: every command and every change of an account, only ever added to."""
