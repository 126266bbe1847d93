"""gRPC's own log would come between the tests' lines; it reads this when it is first imported."""

import os

os.environ.setdefault("GRPC_VERBOSITY", "NONE")
