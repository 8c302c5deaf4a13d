"""The component library: what every page is made of. See docs/components.md."""

from aiguille.plumbing.components.gallery import page

__all__ = ["page"]
