-- +goose Up
-- Times are microseconds since 1970, UTC; money is in minor units. Both are 64-bit integers in every database.

CREATE TABLE purchases (
    environment      TEXT    NOT NULL,
    id               TEXT    NOT NULL,
    stage            TEXT    NOT NULL CHECK (stage IN ('ready', 'waiting', 'claimed', 'idle')),
    due              BIGINT,
    lease_owner      TEXT,
    lease_until      BIGINT,
    attempt          BIGINT  NOT NULL DEFAULT 0,
    failures         BIGINT  NOT NULL DEFAULT 0,
    waits            TEXT    NOT NULL DEFAULT '',
    deadline         BIGINT  NOT NULL,
    deadline_source  TEXT    NOT NULL,
    deadline_certain INTEGER NOT NULL CHECK (deadline_certain IN (0, 1)),
    head             TEXT    NOT NULL,
    facts            BIGINT  NOT NULL,
    numbers          BIGINT  NOT NULL DEFAULT 0,
    rules            BIGINT  NOT NULL,
    state            TEXT    NOT NULL,
    cause            TEXT    NOT NULL DEFAULT '',
    account          TEXT    NOT NULL DEFAULT '',
    price            BIGINT  NOT NULL DEFAULT 0,
    price_currency   TEXT    NOT NULL DEFAULT '',
    paid             BIGINT  NOT NULL DEFAULT 0,
    paid_currency    TEXT    NOT NULL DEFAULT '',
    registered       INTEGER NOT NULL DEFAULT 0 CHECK (registered IN (0, 1)),
    event            TEXT    NOT NULL DEFAULT '',
    event_name       TEXT    NOT NULL DEFAULT '',
    paid_at          BIGINT,
    registered_at    BIGINT,
    created          BIGINT  NOT NULL,
    updated          BIGINT  NOT NULL,
    PRIMARY KEY (environment, id),
    CHECK ((stage = 'waiting') = (due IS NOT NULL)),
    CHECK ((stage = 'claimed') = (lease_owner IS NOT NULL)),
    CHECK ((lease_owner IS NULL) = (lease_until IS NULL)),
    CHECK (price = 0 OR price_currency <> ''),
    CHECK (paid = 0 OR paid_currency <> '')
);

-- Waiting rows are promoted by the first index, claimed rows are taken back by the second, ready rows are claimed by the third:
-- never one query for two of them.
CREATE INDEX purchases_waiting ON purchases (due) WHERE stage = 'waiting';
CREATE INDEX purchases_claimed ON purchases (lease_until) WHERE stage = 'claimed';
CREATE INDEX purchases_ready ON purchases (deadline) WHERE stage = 'ready';
CREATE INDEX purchases_updated ON purchases (updated, environment, id);
CREATE INDEX purchases_state ON purchases (account, state);
CREATE INDEX purchases_rules ON purchases (rules);

CREATE TABLE facts (
    environment TEXT   NOT NULL,
    purchase    TEXT   NOT NULL,
    seq         BIGINT NOT NULL,
    id          TEXT   NOT NULL,
    kind        TEXT   NOT NULL,
    standing    TEXT   NOT NULL CHECK (standing IN ('heard', 'proved', 'own', 'decided')),
    account     TEXT   NOT NULL DEFAULT '',
    payment     TEXT   NOT NULL DEFAULT '',
    object      TEXT   NOT NULL DEFAULT '',
    amount      BIGINT NOT NULL DEFAULT 0,
    currency    TEXT   NOT NULL DEFAULT '',
    at          BIGINT,
    seen        BIGINT NOT NULL,
    source      TEXT   NOT NULL DEFAULT '',
    version     BIGINT NOT NULL DEFAULT 0,
    number      BIGINT NOT NULL DEFAULT 0,
    attempt     BIGINT NOT NULL DEFAULT 0,
    detail      TEXT   NOT NULL,
    prev        TEXT   NOT NULL,
    hash        TEXT   NOT NULL,
    PRIMARY KEY (environment, purchase, seq),
    UNIQUE (environment, purchase, id),
    FOREIGN KEY (environment, purchase) REFERENCES purchases (environment, id),
    CHECK (amount = 0 OR currency <> ''),
    CHECK ((standing IN ('own', 'decided')) = (number > 0))
);

CREATE TABLE intents (
    environment TEXT   NOT NULL,
    purchase    TEXT   NOT NULL,
    number      BIGINT NOT NULL,
    step        TEXT   NOT NULL,
    send_before BIGINT NOT NULL,
    PRIMARY KEY (environment, purchase)
);

CREATE TABLE payments (
    account     TEXT    NOT NULL,
    payment     TEXT    NOT NULL,
    environment TEXT    NOT NULL,
    purchase    TEXT    NOT NULL,
    surety      INTEGER NOT NULL CHECK (surety BETWEEN 1 AND 3),
    PRIMARY KEY (account, payment)
);

CREATE TABLE deliveries (
    id       TEXT   NOT NULL PRIMARY KEY,
    account  TEXT   NOT NULL,
    message  TEXT   NOT NULL DEFAULT '',
    received BIGINT NOT NULL,
    method   TEXT   NOT NULL,
    query    TEXT   NOT NULL,
    header   TEXT   NOT NULL,
    body     BLOB   NOT NULL,
    state    TEXT   NOT NULL CHECK (state IN ('read', 'unchecked', 'puzzling', 'false')),
    due      BIGINT,
    CHECK ((state = 'unchecked') = (due IS NOT NULL))
);
CREATE UNIQUE INDEX deliveries_message ON deliveries (account, message) WHERE message <> '';
CREATE INDEX deliveries_due ON deliveries (due) WHERE state = 'unchecked';
CREATE INDEX deliveries_unchecked ON deliveries (account) WHERE state = 'unchecked';
CREATE INDEX deliveries_received ON deliveries (received);

CREATE TABLE quarantine (
    id       TEXT   NOT NULL PRIMARY KEY,
    account  TEXT   NOT NULL,
    received BIGINT NOT NULL,
    refusal  TEXT   NOT NULL,
    method   TEXT   NOT NULL,
    query    TEXT   NOT NULL,
    header   TEXT   NOT NULL,
    body     BLOB   NOT NULL
);
CREATE INDEX quarantine_account ON quarantine (account, received);

CREATE TABLE tokens (
    hash        TEXT   NOT NULL PRIMARY KEY,
    environment TEXT   NOT NULL,
    purchase    TEXT   NOT NULL,
    account     TEXT   NOT NULL,
    payment     TEXT   NOT NULL,
    language    TEXT   NOT NULL,
    back        TEXT   NOT NULL,
    expires     BIGINT NOT NULL
);
CREATE INDEX tokens_expires ON tokens (expires);

CREATE TABLE probe (
    id   INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    beat BIGINT  NOT NULL
);
INSERT INTO probe (id, beat) VALUES (1, 0);

-- +goose StatementBegin
CREATE TRIGGER facts_never_change BEFORE UPDATE ON facts BEGIN SELECT RAISE(ABORT, 'facts are never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER facts_never_go BEFORE DELETE ON facts BEGIN SELECT RAISE(ABORT, 'facts are never deleted'); END;
-- +goose StatementEnd

-- +goose Down
DROP TABLE probe;
DROP TABLE tokens;
DROP TABLE quarantine;
DROP TABLE deliveries;
DROP TABLE payments;
DROP TABLE intents;
DROP TABLE facts;
DROP TABLE purchases;
