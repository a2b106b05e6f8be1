"""What colour costs, measured. Begin with speed.py."""
