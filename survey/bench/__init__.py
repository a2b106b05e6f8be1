"""Votes a second, a report of a million votes, kill -9. Begin with speed.py."""
