"""From the words of a reply to what the voice is given."""
