"""``/_sim/``: the control calls and pages of the simulator. The real cloud has nothing like them."""
