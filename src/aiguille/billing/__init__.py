"""Quotes, packages, deposits, invoices and payments."""
