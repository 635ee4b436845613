"""Who she is, what she is told, and what is made of her answer."""
