"""One canonical report and its renderings, all of them pure: what would change if only the reader changed."""
