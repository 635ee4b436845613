"""From frames to utterances, and whose turn it is."""
