"""What the desk's templates need beside the components."""
