"""The network of a cluster and its one announced address: installed, awaited, read."""
