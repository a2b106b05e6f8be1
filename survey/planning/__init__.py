"""What is decided about a study before its first vote; begin with study_power.py."""
