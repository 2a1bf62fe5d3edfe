"""``/_sim/``: how a test, or somebody showing the product, drives the simulator. No part of the real
cloud."""
