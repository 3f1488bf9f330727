"""Two sets of rules on the same record: warnings, lead time and what people are told."""
