"""Bytes become evidence: packs, archives, JSON, forms, secrets. Sans-io and bounded; what it means is judged elsewhere."""
