-- Skimmer's database: what tables and columns there are and were, what each column seems to hold, and the scans.
-- Times are milliseconds since 1970-01-01T00:00:00Z; booleans are 0 and 1. No raw value of any table is ever stored.

-- Tables and views that the engine has shown. Never deleted: a name that is gone stays as a tombstone.
CREATE TABLE tables (
  -- `catalog.schema.table`, lower case.
  name TEXT PRIMARY KEY,
  -- What it is.
  kind TEXT NOT NULL CHECK (kind IN ('table', 'view')),
  -- What the source says it is. NULL: nothing.
  comment TEXT,
  -- When it was first seen.
  first_seen_at INTEGER NOT NULL,
  -- When it was first missed. NULL: it exists.
  dropped_at INTEGER
) STRICT;

-- Columns of these, tombstones too.
CREATE TABLE columns (
  -- The table.
  table_name TEXT NOT NULL REFERENCES tables (name),
  -- The column as the engine writes it.
  name TEXT NOT NULL,
  -- Its type in Trino's words.
  data_type TEXT NOT NULL,
  -- Its place, from 1.
  ordinal INTEGER NOT NULL,
  -- What the source says it is. NULL: nothing.
  comment TEXT,
  -- When it was first seen.
  first_seen_at INTEGER NOT NULL,
  -- When it was first missed. NULL: it exists.
  dropped_at INTEGER,
  PRIMARY KEY (table_name, name)
) STRICT;

-- What each column seems to hold: the last look.
CREATE TABLE classifications (
  table_name TEXT NOT NULL,
  column_name TEXT NOT NULL,
  -- The type that the column had; a change of it makes the look out of date.
  data_type TEXT NOT NULL,
  -- The class. NULL: none seems to fit.
  class TEXT,
  -- How sure, from 0 to 1.
  confidence REAL NOT NULL CHECK (confidence BETWEEN 0 AND 1),
  -- Why: a list of {rule, text} with masked samples only.
  evidence TEXT NOT NULL,
  -- Which detectors looked.
  detector_version INTEGER NOT NULL,
  -- Whether values were seen, or none were needed. 0: sampling failed, and the next scan tries again.
  sampled INTEGER NOT NULL,
  -- What became of asking the model: none is bound, it answered, or it failed.
  model TEXT NOT NULL CHECK (model IN ('unbound', 'answered', 'failed')),
  -- How often the model has failed in a row for this column.
  model_failures INTEGER NOT NULL DEFAULT 0,
  -- When.
  looked_at INTEGER NOT NULL,
  -- When Lifeguard took it. NULL: not yet.
  sent_at INTEGER,
  PRIMARY KEY (table_name, column_name),
  FOREIGN KEY (table_name, column_name) REFERENCES columns (table_name, name)
) STRICT;
CREATE INDEX classifications_unsent ON classifications (table_name) WHERE sent_at IS NULL;

-- Every run.
CREATE TABLE scans (
  -- `scn_...`.
  id TEXT PRIMARY KEY,
  -- What started it.
  trigger TEXT NOT NULL CHECK (trigger IN ('cron', 'request')),
  -- Who asked. NULL: the schedule.
  requested_by TEXT,
  state TEXT NOT NULL CHECK (state IN ('running', 'done', 'partial', 'failed')),
  started_at INTEGER NOT NULL,
  -- The last sign of life; a scan without one for a minute was cut short.
  alive_at INTEGER NOT NULL,
  -- NULL: still running.
  finished_at INTEGER,
  -- Numbers: `ScanSummary`.
  summary TEXT NOT NULL,
  -- What it could not do: a list of {what, detail}.
  problems TEXT NOT NULL
) STRICT;
CREATE INDEX scans_newest ON scans (started_at DESC);
-- One at a time.
CREATE UNIQUE INDEX scans_one_running ON scans (state) WHERE state = 'running';
