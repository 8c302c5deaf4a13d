"""The consultation, the verdict, the plan and the prescription."""
