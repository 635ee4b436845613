"""The persona at a desk, without Discord's bot account."""
