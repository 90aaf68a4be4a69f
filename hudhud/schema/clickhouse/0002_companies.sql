-- Mirror of what conditions ask about a company; the highest version counts, so the same row twice does no harm. Who is in it stands with the person.
CREATE TABLE IF NOT EXISTS company (
    workspace_id UInt64,
    key          String,
    version      UInt64,
    attributes   String CODEC(ZSTD(3))            -- raw JSON: there are few companies, and of any shape
) ENGINE = ReplacingMergeTree(version)
ORDER BY (workspace_id, key)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;
