-- An outbox as version 1 left it: one warning open at orange and told, one over, one that waits for a person.
PRAGMA user_version = 1;
CREATE TABLE meta (one INTEGER PRIMARY KEY CHECK (one = 1), realm TEXT NOT NULL, position INTEGER NOT NULL);
INSERT INTO meta VALUES (1, 'live', 7);
CREATE TABLE transitions (
    id INTEGER PRIMARY KEY, warning TEXT NOT NULL, ordinal INTEGER NOT NULL, at INTEGER NOT NULL,
    before INTEGER, after INTEGER, disposition TEXT NOT NULL, line BLOB NOT NULL, latest INTEGER NOT NULL,
    routed TEXT, UNIQUE (warning, ordinal));
CREATE INDEX transitions_unrouted ON transitions (warning, ordinal) WHERE routed IS NULL;
CREATE INDEX transitions_open ON transitions (after) WHERE latest = 1 AND after IS NOT NULL;
CREATE INDEX transitions_nobody ON transitions (id) WHERE routed = 'nobody';
CREATE TABLE faults (
    warning TEXT NOT NULL, ordinal INTEGER NOT NULL, recorded BLOB NOT NULL, offered BLOB NOT NULL,
    UNIQUE (warning, ordinal, offered));
CREATE TABLE deliveries (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, warning TEXT NOT NULL, ordinal INTEGER NOT NULL,
    channel TEXT NOT NULL, recipient TEXT NOT NULL, address TEXT NOT NULL, grade INTEGER, text BLOB NOT NULL,
    why TEXT NOT NULL, created INTEGER NOT NULL, expires INTEGER NOT NULL,
    attempt INTEGER NOT NULL DEFAULT 0, state TEXT NOT NULL DEFAULT 'queued', due INTEGER,
    reached INTEGER NOT NULL DEFAULT 0, provider_id TEXT NOT NULL DEFAULT '',
    detail TEXT NOT NULL DEFAULT '', updated INTEGER NOT NULL);
CREATE INDEX deliveries_waiting ON deliveries (channel, ifnull(grade, 0) DESC, id)
    WHERE due IS NOT NULL AND state IN ('queued', 'unknown');
CREATE INDEX deliveries_expiry ON deliveries (expires)
    WHERE due IS NOT NULL AND state IN ('queued', 'unknown');
CREATE INDEX deliveries_unconfirmed ON deliveries (due) WHERE due IS NOT NULL AND state = 'accepted';
CREATE INDEX deliveries_due ON deliveries (due) WHERE due IS NOT NULL;
CREATE INDEX deliveries_story ON deliveries (warning, recipient, channel, ordinal);
CREATE INDEX deliveries_state ON deliveries (channel, state);

INSERT INTO transitions VALUES
    (1, 'w1', 0, 1000, NULL, 2, 'auto', '{"at":"1970-01-01T00:00:01.000+00:00","rule":"rainstorm","subject":"z","warning":"w1","from":null,"to":"yellow","disposition":"auto","reason":"raised","evidence":{"text":"x"}}', 0, 'told'),
    (2, 'w1', 1, 2000, 2, 3, 'auto', '{"at":"1970-01-01T00:00:02.000+00:00","rule":"rainstorm","subject":"z","warning":"w1","from":"yellow","to":"orange","disposition":"auto","reason":"raised","evidence":{"text":"x"}}', 1, 'told'),
    (3, 'w2', 0, 1000, NULL, 4, 'auto', '{"at":"1970-01-01T00:00:01.000+00:00","rule":"gas","subject":"y","warning":"w2","from":null,"to":"red","disposition":"auto","reason":"raised","evidence":{"text":"x"}}', 0, 'told'),
    (4, 'w2', 1, 3000, 4, NULL, 'auto', '{"at":"1970-01-01T00:00:03.000+00:00","rule":"gas","subject":"y","warning":"w2","from":"red","to":null,"disposition":"auto","reason":"cleared","evidence":{"text":"x"}}', 1, 'told'),
    (5, 'w3', 0, 1000, NULL, 4, 'review', '{"at":"1970-01-01T00:00:01.000+00:00","rule":"gas","subject":"x","warning":"w3","from":null,"to":"red","disposition":"review","reason":"raised","evidence":{"text":"x"}}', 1, 'review');
INSERT INTO deliveries VALUES
    (1, 'k1', 'w1', 0, 'sms', 'ana', '+8610000000001', 2, '{"en":"YELLOW"}', 'routes.yaml:1', 1000, 3601000, 1, 'accepted', NULL, 1, 'p1', '', 1500),
    (2, 'k2', 'w1', 1, 'sms', 'ana', '+8610000000001', 3, '{"en":"ORANGE"}', 'routes.yaml:1', 2000, 3602000, 1, 'accepted', NULL, 1, 'p2', '', 2500),
    (3, 'k3', 'w1', 1, 'sms', 'bo', '+8610000000002', 3, '{"zh":"橙色","en":"ORANGE"}', 'routes.yaml:1', 2000, 3602000, 0, 'queued', 2000, 0, '', '', 2000),
    (4, 'k4', 'w2', 0, 'sms', 'ana', '+8610000000001', 4, '{"en":"RED"}', 'routes.yaml:1', 1000, 3601000, 1, 'accepted', NULL, 1, 'p4', '', 1500),
    (5, 'k5', 'w2', 1, 'sms', 'ana', '+8610000000001', NULL, '{"en":"ALL CLEAR"}', 'routes.yaml:1', 3000, 3603000, 1, 'accepted', NULL, 1, 'p5', '', 3500);
