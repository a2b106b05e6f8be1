"""Any image file -> upright 8-bit sRGB pixels, or a sentence that says why not.

Begin with reader.py.
"""
