"""A reported symptom before the doctor who answers it."""
