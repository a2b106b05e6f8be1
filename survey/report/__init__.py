"""From votes to a finding. Begin with findings.py; html.py makes the page."""
