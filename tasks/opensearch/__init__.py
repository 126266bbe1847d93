"""OpenSearch's own settings and accounts, its health, and whether every cluster's log lines arrive in it."""
