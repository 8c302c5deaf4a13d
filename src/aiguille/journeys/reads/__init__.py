"""Pages that read several areas at once: one function a page, frozen values, bounded queries."""
