"""Forgewall as an addon of mitmdump: `mitmdump -s addons/forgewall_addon.py --set forgewall_policy=FILE`.

`forgewall run` is faster, trusts the system's roots and tests itself before it serves; see docs/mitmdump.md.
"""

from forgewall.proxy.mitmdump import MitmdumpAddon

addons = [MitmdumpAddon()]
