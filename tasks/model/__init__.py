"""Values shared by every room; this room imports nothing but the standard library."""
