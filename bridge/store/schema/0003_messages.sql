-- +goose Up
-- What is to be told to whom. A message is a notice on one channel; its content holds nothing personal.
CREATE TABLE outbox (
    seq         BIGINT NOT NULL,
    key         TEXT   NOT NULL,
    channel     TEXT   NOT NULL,
    environment TEXT   NOT NULL,
    purchase    TEXT   NOT NULL,
    content     TEXT   NOT NULL,
    state       TEXT   NOT NULL CHECK (state IN ('pending', 'claimed', 'sent', 'given_up', 'dropped')),
    result      TEXT   NOT NULL DEFAULT '',
    created     BIGINT NOT NULL,
    due         BIGINT NOT NULL,
    attempt     BIGINT NOT NULL DEFAULT 0,
    lease_owner TEXT,
    lease_until BIGINT,
    settled     BIGINT,
    PRIMARY KEY (key, channel),
    CHECK ((state = 'claimed') = (lease_owner IS NOT NULL)),
    CHECK ((lease_owner IS NULL) = (lease_until IS NULL)),
    CHECK ((state IN ('pending', 'claimed')) = (settled IS NULL))
);
CREATE UNIQUE INDEX outbox_seq ON outbox (seq);
CREATE INDEX outbox_due ON outbox (channel, due) WHERE state = 'pending';
CREATE INDEX outbox_claimed ON outbox (lease_until) WHERE state = 'claimed';
CREATE INDEX outbox_purchase ON outbox (environment, purchase, channel, seq);
CREATE INDEX outbox_settled ON outbox (settled) WHERE settled IS NOT NULL;

-- Since when a kind is told over a channel: nothing from before is.
CREATE TABLE routes (
    environment TEXT   NOT NULL,
    account     TEXT   NOT NULL,
    kind        TEXT   NOT NULL,
    channel     TEXT   NOT NULL,
    since       BIGINT NOT NULL,
    PRIMARY KEY (environment, account, kind, channel)
);

-- The only place for an address. What was erased leaves a mark, so that it is not fetched again.
CREATE TABLE contacts (
    environment TEXT   NOT NULL,
    purchase    TEXT   NOT NULL,
    address     TEXT   NOT NULL,
    language    TEXT   NOT NULL,
    source      TEXT   NOT NULL CHECK (source IN ('dynamics', 'provider')),
    kept        BIGINT NOT NULL,
    erased      BIGINT,
    PRIMARY KEY (environment, purchase),
    CHECK (erased IS NULL OR address = '')
);
CREATE INDEX contacts_kept ON contacts (kept) WHERE erased IS NULL;

CREATE INDEX tokens_purchase ON tokens (environment, purchase);

-- +goose Down
DROP INDEX tokens_purchase;
DROP TABLE contacts;
DROP TABLE routes;
DROP TABLE outbox;
