"""What a patient proves before signing, and what goes on then."""
