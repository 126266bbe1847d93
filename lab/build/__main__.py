"""Build what the lab is made of, without booting it: ``python -m lab.build``."""

import sys

from lab.build import BuildError, ensure
from lab.progress import Progress

try:
    artifacts = ensure(Progress())
except BuildError as error:
    sys.exit(f"lab.build: {error}")
for name in artifacts.__slots__:
    print(f"{name:13} {getattr(artifacts, name)}")
