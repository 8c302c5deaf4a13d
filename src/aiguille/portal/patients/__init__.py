"""The patient's identity, contacts, documents and sign-out."""
