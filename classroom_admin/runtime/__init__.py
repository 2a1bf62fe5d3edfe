"""Running processes: the supervisor, the embedded broker, and what an installation consists of."""
