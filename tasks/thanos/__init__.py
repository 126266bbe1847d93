"""The global view of metrics: every StoreAPI, Query over them, the blocks in S3, and samples sent through it all."""
