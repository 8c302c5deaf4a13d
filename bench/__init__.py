"""What is measured, in one run on this machine: `python -m bench` (see `bench/README.md`)."""
