"""The session screen: one step at a time, the whole list beside it."""
