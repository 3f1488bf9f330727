"""`tocsin simulate`: the fleet or a record, published to any broker."""
