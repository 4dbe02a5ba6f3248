-- +goose Up
-- How far the database has come, and whether it was put back from a backup. The same stands in a file beside it, which a backup of the
-- database does not bring back.
CREATE TABLE epoch (
    id          INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    identity    TEXT    NOT NULL,
    counter     BIGINT  NOT NULL DEFAULT 0,
    filed       INTEGER NOT NULL DEFAULT 0 CHECK (filed IN (0, 1)),
    restores    BIGINT  NOT NULL DEFAULT 0,
    restored_at BIGINT,
    CHECK ((restores = 0) = (restored_at IS NULL))
);
INSERT INTO epoch (id, identity) VALUES (1, lower(hex(randomblob(16))));

-- The number of restores that the purchase's facts tell of.
ALTER TABLE purchases ADD COLUMN restores BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE purchases DROP COLUMN restores;
DROP TABLE epoch;
