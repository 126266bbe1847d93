"""Is the specification met? Every sentence of it that can be tested, with what a run has seen that proves it."""
