"""Bytes become evidence: packs, archives, JSON, forms, secrets. Sans-io, bounded; what it means is judged elsewhere."""
