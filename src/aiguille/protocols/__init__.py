"""Engine: treatment protocols as data files, and runs as folds over events. Plain Python.

A protocol (`model`) is read from a data file (`reading`, `checking`), a session is a list of
events (`events`), its state is a fold over them (`state`), and `guards.accept` says whether one
more event may happen. The rule book is asked through a function that the caller passes in.
"""
