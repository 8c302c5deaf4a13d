"""Engine: clinical and legal limits as data with their sources, and decisions on them. Plain Python."""
