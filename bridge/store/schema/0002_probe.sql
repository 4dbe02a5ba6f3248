-- +goose Up
-- Room that the health probe takes and gives back, so that a full disk shows.
ALTER TABLE probe ADD COLUMN room BLOB;

-- +goose Down
ALTER TABLE probe DROP COLUMN room;
