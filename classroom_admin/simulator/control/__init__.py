"""``/_sim/``: the control calls and pages of the simulator. The real cloud does not have them."""
