"""The log of what happened: typed events, their ECS form, redaction, and a file that survives a crash.

It knows nothing of the proxy or the policy; reading the log back for people is `cli.events`.
"""
