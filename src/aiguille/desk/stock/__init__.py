"""The shelves: what is there, what comes in, what is taken out of use."""
