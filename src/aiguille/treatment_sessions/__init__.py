"""The guided run: events, chart, units used and report."""
