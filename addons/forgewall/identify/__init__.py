"""Request to target: which forge, whose repository, which operation. No I/O beyond the package's own tables.

What is *not* here: whether the target is approved; that is `decide`.
"""
