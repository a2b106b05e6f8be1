"""From photos to a cache, and from a cache to batches. Begin with prepare.py."""
