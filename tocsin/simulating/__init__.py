"""`tocsin simulate`: a registry's fleet, a generated one or a record, published in real time."""
