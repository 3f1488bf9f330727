"""The codes of findings about rules: stable, one meaning each, E2xx."""

CODES: dict[str, str] = {
    "E201": "the condition cannot be read: syntax",
    "E202": "the function is not known",
    "E203": "the metric is not one of the kind",
    "E204": "the function or the comparison does not fit the form of the metric",
    "E205": "the unit is missing, not known, or of another dimension than the metric",
    "E206": "the duration or window cannot be used",
    "E207": "the threshold leaves no doubt: true or false for every plausible value",
    "E208": "the threshold is finer than the resolution of the metric",
    "E209": "the site parameter is not one of the kind's sensors, or of another dimension",
    "E210": "the parts are valid but do not make a condition",
    "E220": "two rules have the same id",
    "E221": "for_each does not name the sensors of a kind",
    "E222": "for_each names a zone or tag that selects nothing",
    "E223": "the rule has no grade",
    "E224": "the margin cannot be used with a condition of the rule",
    "E225": "the key belongs to a later version",
    "E226": "the value of the key cannot be read",
}
