"""One fleet, from bare machines to bare machines."""
