"""What each finding code of this package's loaders means; codes never change their meaning."""

CODES: dict[str, str] = {
    "E301": "group member that is not one of the people",
    "E302": "name used twice, or reserved",
    "E310": "unknown zone",
    "E311": "unknown recipient",
    "E312": "recipients without a channel that reaches them",
    "E313": "channel without a recipient it could reach",
    "E314": "no zone of the route has a horn",
    "E320": "grade that reaches nobody in some zones",
}
