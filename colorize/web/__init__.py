"""The Colorize and Compare pages, and what serves them. Begin with colorize_page.py."""
