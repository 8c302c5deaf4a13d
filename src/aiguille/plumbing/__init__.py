"""Django without business: database, clock, access, documents, interface components."""
