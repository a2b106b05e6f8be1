"""Every fixed text that a participant reads, one file a language. Begin with wording.py."""
