"""Discord voice: the only code that knows RTP, Opus and DAVE (Discord's end-to-end encryption)."""
