"""GraphQL requests: what documents they hold, which mutations those carry out, and whose repositories these concern.

`request` finds the documents in a request, `document` parses them, `endpoint` makes a target of them.
"""

from forgewall.identify.graphql.endpoint import identify

__all__ = ["identify"]
