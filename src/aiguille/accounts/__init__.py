"""People who sign in: roles, qualifications, second factor."""
