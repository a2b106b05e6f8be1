"""Which of two models is preferred: ratings, intervals, power. Begin with bradley_terry.py."""
