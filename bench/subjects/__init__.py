"""What is measured; each module hands out a ``Subject``."""
