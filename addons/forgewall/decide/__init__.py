"""Target + subject + policy -> verdict: the policy file, its checks, and the engine. No I/O; no mitmproxy."""
