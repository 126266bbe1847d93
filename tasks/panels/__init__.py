"""Grafana's dashboards: what each panel asks, asked of the real Thanos Query Frontend; and Grafana itself."""
