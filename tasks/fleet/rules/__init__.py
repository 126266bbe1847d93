"""Which inventories are impossible. Each rule is a pure function from the draft to the mistakes it sees."""

from __future__ import annotations

from tasks.fleet.rules.addresses import ADDRESS_RULES
from tasks.fleet.rules.names import NAME_RULES
from tasks.fleet.rules.networks import NETWORK_RULES
from tasks.fleet.rules.services import SERVICE_RULES
from tasks.fleet.rules.site import SITE_RULES

RULES = (*ADDRESS_RULES, *NETWORK_RULES, *NAME_RULES, *SITE_RULES, *SERVICE_RULES)
