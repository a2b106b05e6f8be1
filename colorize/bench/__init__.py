"""What colour costs and what hints gain, measured. Begin with speed.py."""
