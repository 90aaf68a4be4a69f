-- Events as they came: never rewritten. `actor_id` is the person the event was recorded for; who that is today is
-- answered by `person_override` (merged actor -> survivor). A month to which nothing has come for a day becomes one part: what a batch of
-- people did is looked for in every part (docs/decisions/0031-what-a-batch-reads.md).
CREATE TABLE IF NOT EXISTS event (
    workspace_id UInt64,
    name         LowCardinality(String),
    at           DateTime64(3, 'UTC'),
    actor_id     UInt64,
    message_id   String CODEC(ZSTD(1)),
    kind         LowCardinality(String),          -- track, page, screen, identify, group, alias, and our own: message, segment, consent
    received_at  DateTime64(3, 'UTC'),
    properties   JSON,
    context      String CODEC(ZSTD(3)),           -- raw JSON: page, campaign, device
    source       LowCardinality(String)           -- by which way it came: server, import:7
) ENGINE = MergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (workspace_id, name, actor_id, at)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 10000,
    min_age_to_force_merge_seconds = 86400, min_age_to_force_merge_on_partition_only = 1;

-- One person's events, newest first, and what a batch of people did, without scanning the rest: hence the small granules, and the small
-- blocks: what is read is unpacked whole. That halves what a batch costs, for a byte an event.
CREATE TABLE IF NOT EXISTS person_event (
    workspace_id UInt64,
    actor_id     UInt64,
    at           DateTime64(3, 'UTC'),
    name         LowCardinality(String),
    kind         LowCardinality(String),
    message_id   String CODEC(ZSTD(1)),
    properties   String CODEC(ZSTD(3)),
    source       LowCardinality(String)
) ENGINE = MergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (workspace_id, actor_id, at)
SETTINGS index_granularity = 512, min_compress_block_size = 4096, fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 10000,
    min_age_to_force_merge_seconds = 86400, min_age_to_force_merge_on_partition_only = 1;

-- Mirror of what conditions ask about a person; the highest version counts, so the same row twice does no harm. Without a memory of inserts:
-- after a crash it may hold inserts whose rows are nowhere, and refuse them (events/append.py).
CREATE TABLE IF NOT EXISTS person (
    workspace_id  UInt64,
    person_id     UInt64,
    version       UInt64,
    gone          UInt8,                          -- merged or erased
    attributes    JSON,
    language      LowCardinality(String),
    country       LowCardinality(String),
    region        LowCardinality(String),
    city          LowCardinality(String),
    region_word   LowCardinality(String),         -- the same in the form in which names are compared
    city_word     LowCardinality(String),
    latitude      Float64 DEFAULT nan,            -- degrees; nan: not known
    longitude     Float64 DEFAULT nan,
    time_zone     LowCardinality(String),         -- where they live, else the workspace's
    created_at    DateTime64(3, 'UTC'),
    subscriptions Array(String),                  -- 'topic:channel:state'
    companies     Array(String),                  -- keys of the companies that they are in
    reachable     Array(LowCardinality(String))   -- channels with an address that is not suppressed
) ENGINE = ReplacingMergeTree(version)
ORDER BY (workspace_id, person_id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS person_override (
    workspace_id UInt64,
    actor_id     UInt64,
    person_id    UInt64,
    version      UInt64
) ENGINE = ReplacingMergeTree(version)
ORDER BY (workspace_id, actor_id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;
