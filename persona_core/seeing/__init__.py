"""From pictures to whose face it is. Nothing here keeps a picture."""
