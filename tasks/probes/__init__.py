"""Proof that a path works, seen from where it is used: operator, host and pod, with temporary objects only."""
