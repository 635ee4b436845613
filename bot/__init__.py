"""The Discord process."""
