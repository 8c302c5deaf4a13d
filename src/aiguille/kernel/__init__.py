"""Plain Python that every layer above may use: codes, errors, instants, money, ids.

Nothing here imports Django, a database driver, or any other part of Aiguille.
"""
