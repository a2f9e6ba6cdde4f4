"""Backstage's software catalog: who owns which component, as `catalog-info.yaml` files say."""
