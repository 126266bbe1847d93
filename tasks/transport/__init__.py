"""How a command gets to a machine and its output back; this room knows no domain word."""
