"""An appointment seen through the link of a message: read, move, cancel."""
