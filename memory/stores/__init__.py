"""Where the values of people are kept: one file per implementation of ``ports.PersonStore``."""
