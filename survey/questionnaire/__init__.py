"""Questions that a study asks before its trials and after them. Begin with questions.py."""
