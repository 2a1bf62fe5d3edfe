"""The control calls and pages of the simulator under ``/_sim/``. The real cloud does not have them."""
