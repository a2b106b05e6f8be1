"""The Study and Results pages, and what serves them. Begin with pages.py."""
