"""What each finding code of this package's loaders means; codes never change their meaning."""

CODES: dict[str, str] = {
    "E301": "member of a group or roster that is not one of the people",
    "E302": "name used twice, or reserved",
    "E303": "phone of two people",
    "E304": "account of two people",
    "E305": "person without phone, email and account",
    "E306": "roles without an account",
    "E310": "unknown zone",
    "E311": "unknown recipient",
    "E312": "recipients without a channel that reaches them",
    "E313": "channel without a recipient it could reach",
    "E314": "no zone of the route has a horn",
    "E315": "approval that nobody can give",
    "E316": "deadlines out of order",
    "E320": "grade that reaches nobody in some zones",
    "E321": "red that must be acknowledged, and nobody to ask next",
    "E322": "red that reaches people over one channel alone, and no horn",
    "E323": "SMS that is too long",
    "E324": "text that the template of an SMS cloud cannot carry",
    "E325": "zone that a feed would refuse as too large",
}
