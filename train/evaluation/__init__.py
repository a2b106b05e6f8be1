"""How good models are: metrics, baselines, intervals. Begin with evaluate.py."""
