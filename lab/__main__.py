"""`python -m lab`."""

import os
import sys

from lab.cli import INTERRUPTED, main

code = main()
if code == INTERRUPTED:
    # threads may still be waiting for a machine or a service; whatever they leave, the next `up` or `down` copes with
    sys.stderr.flush()
    os._exit(code)
sys.exit(code)
