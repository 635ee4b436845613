"""Engines, one file each. Every file loads its heavy library itself and is imported only when chosen."""
