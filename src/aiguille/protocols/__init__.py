"""Engine: treatment protocols as data files, and runs as folds over events. Plain Python."""
