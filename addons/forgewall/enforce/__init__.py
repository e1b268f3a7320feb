"""Carry out a verdict: the reply in the client's own language, and the gate that counts what streams. No I/O."""
