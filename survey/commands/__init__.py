"""What `python -m survey` does, by when it is needed. Begin with before.py."""
