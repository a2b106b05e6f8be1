"""The visitor's hand: hints, other possibilities, a reference photo. Begin with steer.py."""
