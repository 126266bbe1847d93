"""What holds for all tests."""

from __future__ import annotations

from hypothesis import settings

# a busy machine is no failure: nothing is timed in tests
settings.register_profile("project", deadline=None)
settings.load_profile("project")
