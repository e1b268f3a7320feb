"""The pages that only show: nothing here writes anything. Forms in them lead to `console.actions`.

All are made on the server and work without a script; the script makes lists and the live tail move in place.
"""

from __future__ import annotations

from forgewall.review.console.chart import share
from forgewall.review.console.pages.asked import link
from forgewall.review.console.pages.standing import banners
from forgewall.review.console.rendering import environment
from forgewall.review.console.words import FILTERS

environment.filters.update(FILTERS)
environment.globals.update(banners=banners, link=link, share=share)
