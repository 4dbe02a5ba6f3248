-- +goose Up
-- How far the list of each account was read at its provider, and who reads it just now.
CREATE TABLE listings (
    account     TEXT   NOT NULL PRIMARY KEY,
    complete    BIGINT,
    due         BIGINT NOT NULL,
    failures    BIGINT NOT NULL DEFAULT 0,
    attempt     BIGINT NOT NULL DEFAULT 0,
    lease_owner TEXT,
    lease_until BIGINT,
    CHECK ((lease_owner IS NULL) = (lease_until IS NULL))
);

-- +goose Down
DROP TABLE listings;
