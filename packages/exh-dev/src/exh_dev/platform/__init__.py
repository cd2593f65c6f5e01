"""A local Extra Horizon: one module per service over one small store, on loopback only."""
