"""From an overlay to objects that are there and ready: build, compare, apply, wait; and whose cluster that is."""
