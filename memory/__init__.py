"""People, what they agreed to, and what is kept of them. Knows no persona and no Discord."""
