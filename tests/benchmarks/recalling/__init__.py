"""What the benchmark of recall measures on: dialogues, a journal, and a great many memories."""
