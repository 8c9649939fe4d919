-- What datasets there are, as Skimmer's last schema snapshot said. One writer: workers/catalog.

CREATE TABLE datasets (
    -- Row number; the other tables refer to it.
    id INTEGER PRIMARY KEY,
    -- catalog.schema.table in lower case.
    name TEXT NOT NULL UNIQUE,
    -- `table` or `view`.
    kind TEXT NOT NULL,
    -- The table's own comment, bracket included.
    comment TEXT NOT NULL DEFAULT '',
    -- 1 when the last snapshot said that it is gone; kept, so that it can come back.
    dropped INTEGER NOT NULL DEFAULT 0,
    -- Digest of everything that the snapshot says of it, so that an unchanged dataset costs no write.
    digest TEXT NOT NULL,
    -- When the snapshot was taken, in milliseconds since 1970.
    seen_at INTEGER NOT NULL
);

-- The columns of a dataset, hidden ones included: what a caller may know of is decided at every request.
CREATE TABLE dataset_columns (
    dataset_id INTEGER NOT NULL REFERENCES datasets (id) ON DELETE CASCADE,
    -- In lower case.
    name TEXT NOT NULL,
    -- Position in the table, from 0 or 1 as the engine counts; only the order matters.
    ordinal INTEGER NOT NULL,
    -- Trino's text.
    type TEXT NOT NULL,
    -- The column's own comment.
    comment TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (dataset_id, name)
) WITHOUT ROWID;

-- One searchable text: of a dataset, or of one column of it.
CREATE TABLE entries (
    id INTEGER PRIMARY KEY,
    dataset_id INTEGER NOT NULL REFERENCES datasets (id) ON DELETE CASCADE,
    -- The column that the text belongs to; null if it is the dataset's own.
    column_name TEXT,
    -- name, path, description, column or column_comment.
    field TEXT NOT NULL CHECK (field IN ('name', 'path', 'description', 'column', 'column_comment')),
    -- Identifiers are split into words before they come here.
    text TEXT NOT NULL
);

CREATE INDEX entries_by_dataset ON entries (dataset_id);

CREATE VIRTUAL TABLE entries_fts USING fts5 (
    text,
    content = 'entries',
    content_rowid = 'id',
    tokenize = 'porter unicode61 remove_diacritics 2'
);

-- External content: FTS5 has to be told of every change.
CREATE TRIGGER entries_inserted AFTER INSERT ON entries BEGIN
    INSERT INTO entries_fts (rowid, text) VALUES (new.id, new.text);
END;

CREATE TRIGGER entries_deleted AFTER DELETE ON entries BEGIN
    INSERT INTO entries_fts (entries_fts, rowid, text) VALUES ('delete', old.id, old.text);
END;
