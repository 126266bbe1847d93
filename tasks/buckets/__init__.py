"""What the object store itself is told about its buckets."""
