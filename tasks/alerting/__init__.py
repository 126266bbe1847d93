"""The way alerts go: a test alert on every cluster, followed to the receiver."""
