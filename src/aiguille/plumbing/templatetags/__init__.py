"""Template tags of the interface; `{% load ui %}` gives all of them."""
