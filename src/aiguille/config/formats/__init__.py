"""How dates and times are written: both languages put the day first and count 24 hours.

Django's English is American: 05/10 would be read as the wrong day at a clinic in France.
"""
