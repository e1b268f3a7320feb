"""The web console: pages over the index, and approvals with the same preview as on the command line."""
