"""From the log back to people: what happened, what it means, and what an approval would change.

The log's JSON lines stay the truth; everything here is read from them and can be made anew, but for what people said
(`store`, triage). Nothing here stands in a request's way: no part of the proxy imports this room.
"""
