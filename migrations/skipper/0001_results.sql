-- What a caller can come back for within an hour. One writer: workers/skipper.

CREATE TABLE results (
    -- `qry_...` is a query, whose rows its own object keeps; `res_...` is what a snippet returned.
    id TEXT PRIMARY KEY,
    -- Whose it is: nobody else can read it, or learn that it is there.
    owner TEXT NOT NULL,
    -- What it is, for people.
    title TEXT NOT NULL,
    -- Milliseconds since 1970.
    created_at INTEGER NOT NULL,
    -- After this it is gone, whether or not the row is still there.
    expires_at INTEGER NOT NULL
);

CREATE INDEX results_by_owner ON results (owner, created_at);
CREATE INDEX results_by_expiry ON results (expires_at);

-- The text of a `res_...`, in pieces, since one value may have 2 MB.
CREATE TABLE result_pieces (
    result_id TEXT NOT NULL REFERENCES results (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (result_id, position)
) WITHOUT ROWID;

-- The queries that a `res_...` may rest on: whoever opens it must still be able to read all of them as they were.
CREATE TABLE result_queries (
    result_id TEXT NOT NULL REFERENCES results (id) ON DELETE CASCADE,
    query_id TEXT NOT NULL,
    PRIMARY KEY (result_id, query_id)
) WITHOUT ROWID;
