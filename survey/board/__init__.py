"""The open board: visitors vote on blind pairs, models come and go. Begin with protocol.py."""
