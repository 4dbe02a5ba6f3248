-- +goose Up
-- The only place for what an invoice needs of a person. What was erased leaves its row, empty.
CREATE TABLE billings (
    environment TEXT   NOT NULL,
    purchase    TEXT   NOT NULL,
    invoice     TEXT   NOT NULL,
    name        TEXT   NOT NULL,
    address     TEXT   NOT NULL,
    email       TEXT   NOT NULL,
    vat         TEXT   NOT NULL,
    reference   TEXT   NOT NULL,
    language    TEXT   NOT NULL,
    kept        BIGINT NOT NULL,
    erased      BIGINT,
    PRIMARY KEY (environment, purchase, invoice),
    CHECK (erased IS NULL OR name || address || email || vat || reference = '')
);

-- +goose Down
DROP TABLE billings;
