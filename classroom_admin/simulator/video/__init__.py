"""Make the videos of recordings: a clock with the recorded time, one picture a second, without sound."""
