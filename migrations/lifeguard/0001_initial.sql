-- Lifeguard's database. Times are milliseconds since 1970-01-01T00:00:00Z; booleans are 0 and 1;
-- lists are JSON arrays. Names of users and groups are lower case and checked before they get here.

-- The counter that every change of what anyone may see raises, in the same transaction as the change.
CREATE TABLE policy_state (
  -- Always 1: there is one counter.
  id INTEGER PRIMARY KEY CHECK (id = 1),
  -- Grows by one with each change of the policy; what readers compare to know whether they are current.
  version INTEGER NOT NULL,
  -- When it last grew.
  changed_at INTEGER NOT NULL
);
INSERT INTO policy_state (id, version, changed_at) VALUES (1, 1, 0);

CREATE TRIGGER policy_version_only_grows BEFORE UPDATE ON policy_state
WHEN NEW.version <= OLD.version
BEGIN
  SELECT RAISE(ABORT, 'the policy version only grows');
END;

CREATE TRIGGER policy_state_stays BEFORE DELETE ON policy_state
BEGIN
  SELECT RAISE(ABORT, 'the policy version only grows');
END;

-- A batch of statements writes a condition here first; one that no longer holds aborts the whole batch.
-- Empty between transactions.
CREATE TABLE guards (
  -- Whether what the batch was computed from is still so.
  holds INTEGER NOT NULL CONSTRAINT guard_holds CHECK (holds = 1)
);

-- How fresh the copy of the company's IAM is.
CREATE TABLE directory (
  -- Always 1: there is one IAM.
  id INTEGER PRIMARY KEY CHECK (id = 1),
  -- The ETag of the last accepted answer, sent back as If-None-Match.
  etag TEXT,
  -- The `version` that the last accepted answer gave itself; for people who compare, nothing depends on it.
  source_version TEXT,
  -- SHA-256 (hex) over the people and groups as stored; an answer with the same content raises no policy version.
  content_sha256 TEXT,
  -- When the request was sent whose answer last confirmed the content (200 or 304). NULL: never; nobody is known.
  pulled_at INTEGER,
  -- When a pull was last begun.
  attempted_at INTEGER NOT NULL DEFAULT 0,
  -- Who pulls at the moment; only the holder of the claim may store what it got.
  claim TEXT,
  -- Until when the claim keeps others from pulling. 0: nobody pulls.
  claimed_until INTEGER NOT NULL DEFAULT 0,
  -- Why the last pull failed. NULL: it did not.
  failure TEXT
);
INSERT INTO directory (id) VALUES (1);

-- The people that the IAM knows.
CREATE TABLE people (
  -- The e-mail address, which is the user name everywhere.
  user TEXT PRIMARY KEY,
  -- The name to show.
  name TEXT NOT NULL,
  -- Whether the person may sign in; 0 closes everything for them.
  active INTEGER NOT NULL
) WITHOUT ROWID;

-- The groups that the IAM knows.
CREATE TABLE groups (
  -- The group's name, as grants use it.
  name TEXT PRIMARY KEY,
  -- What the group is for, in the IAM's words.
  description TEXT NOT NULL
) WITHOUT ROWID;

-- Who is in which group.
CREATE TABLE memberships (
  -- The group.
  group_name TEXT NOT NULL,
  -- The member; always one of `people`.
  user TEXT NOT NULL,
  PRIMARY KEY (group_name, user)
) WITHOUT ROWID;
CREATE INDEX memberships_by_user ON memberships (user);

-- Personal access tokens.
CREATE TABLE tokens (
  -- The token's id: a name, not a secret.
  id TEXT PRIMARY KEY,
  -- Whose rights it carries.
  user TEXT NOT NULL,
  -- What the owner calls it.
  name TEXT NOT NULL,
  -- SHA-256 (hex) of the token. The token itself is shown once and stored nowhere.
  token_sha256 TEXT NOT NULL UNIQUE,
  -- What it may be used for: a JSON array of `query`, `mcp`, `api`.
  scopes TEXT NOT NULL,
  -- When it was made.
  created_at INTEGER NOT NULL,
  -- When it stops working.
  expires_at INTEGER NOT NULL,
  -- When its owner revoked it. NULL: not revoked.
  revoked_at INTEGER,
  -- When it was last used, to the minute. NULL: never.
  last_used_at INTEGER
) WITHOUT ROWID;
CREATE INDEX tokens_by_user ON tokens (user);

-- Privileges on tables. A row is never removed: a revoked grant says who ended it and when.
CREATE TABLE grants (
  -- The grant's id.
  id TEXT PRIMARY KEY,
  -- `group` or `user`.
  subject_kind TEXT NOT NULL CHECK (subject_kind IN ('group', 'user')),
  -- The group's or the user's name.
  subject TEXT NOT NULL,
  -- Which tables, e.g. `lake.dim.*`.
  table_pattern TEXT NOT NULL,
  -- A JSON array of privileges, e.g. `["select"]`.
  privileges TEXT NOT NULL,
  -- A JSON array of the columns it is limited to. NULL: all reviewed columns.
  columns TEXT,
  -- A SQL condition that limits the rows. NULL: all rows.
  row_filter TEXT,
  -- When it ends by itself. NULL: it does not.
  expires_at INTEGER,
  -- Why it was given.
  reason TEXT NOT NULL,
  -- Who gave it.
  created_by TEXT NOT NULL,
  -- When it was given.
  created_at INTEGER NOT NULL,
  -- Who revoked it. NULL: nobody.
  revoked_by TEXT,
  -- When it was revoked. NULL: it was not.
  revoked_at INTEGER
) WITHOUT ROWID;

-- Programs with rights of their own, beside what they are granted.
CREATE TABLE services (
  -- The program's name, `svc-*`.
  user TEXT PRIMARY KEY CHECK (user LIKE 'svc-%'),
  -- A JSON array of `scan`: read every table, whatever its review.
  privileges TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO services (user, privileges) VALUES ('svc-skimmer', '["scan"]');

-- Who may lift the masks of which class in a PII session. Rows are never removed, as in `grants`.
CREATE TABLE unmask_grants (
  -- The grant's id.
  id TEXT PRIMARY KEY,
  -- `group` or `user`.
  subject_kind TEXT NOT NULL CHECK (subject_kind IN ('group', 'user')),
  -- The group's or the user's name.
  subject TEXT NOT NULL,
  -- The class of sensitive values, e.g. `email`.
  class TEXT NOT NULL,
  -- When it ends by itself. NULL: it does not.
  expires_at INTEGER,
  -- Why it was given.
  reason TEXT NOT NULL,
  -- Who gave it.
  created_by TEXT NOT NULL,
  -- When it was given.
  created_at INTEGER NOT NULL,
  -- Who revoked it. NULL: nobody.
  revoked_by TEXT,
  -- When it was revoked. NULL: it was not.
  revoked_at INTEGER
) WITHOUT ROWID;

-- Times during which a person sees some classes unmasked.
CREATE TABLE pii_sessions (
  -- The session's id: a name, not a secret.
  id TEXT PRIMARY KEY,
  -- Whose session it is.
  user TEXT NOT NULL,
  -- The suffix of the effective user, `user+pii.<nonce>`; used once, ever.
  nonce TEXT NOT NULL UNIQUE CHECK (length(nonce) = 16 AND nonce NOT GLOB '*[^a-z0-9]*'),
  -- A JSON array of the classes whose masks are lifted.
  classes TEXT NOT NULL,
  -- Why the person needs it, in their own words.
  reason TEXT NOT NULL,
  -- When it began.
  started_at INTEGER NOT NULL,
  -- When it ends by itself.
  expires_at INTEGER NOT NULL,
  -- When its owner ended it earlier. NULL: not.
  ended_at INTEGER
) WITHOUT ROWID;
CREATE INDEX pii_sessions_by_user ON pii_sessions (user, started_at);
CREATE INDEX pii_sessions_by_end ON pii_sessions (expires_at);

-- Which of Skimmer's reports is in the two tables below.
CREATE TABLE schema_snapshot (
  -- Always 1: there is one, the latest.
  id INTEGER PRIMARY KEY CHECK (id = 1),
  -- When the engine was asked. An older report that arrives later is ignored. NULL: none came yet.
  taken_at INTEGER
);
INSERT INTO schema_snapshot (id, taken_at) VALUES (1, NULL);

-- Tables and views as Skimmer last saw them, and what reviewers decided about them.
CREATE TABLE tables (
  -- `catalog.schema.table`; only the first two dots separate.
  name TEXT PRIMARY KEY,
  -- `table` or `view`.
  kind TEXT NOT NULL CHECK (kind IN ('table', 'view')),
  -- The table's own comment.
  comment TEXT,
  -- Whether it is gone. The row stays, so that the review holds if it comes back the same.
  dropped INTEGER NOT NULL,
  -- When Skimmer first reported it.
  first_seen_at INTEGER NOT NULL,
  -- When Skimmer last reported a change of it.
  changed_at INTEGER NOT NULL,
  -- Grows with each change of the table, its columns or what is decided about them: a decision that was computed
  -- from an older one is computed again.
  revision INTEGER NOT NULL DEFAULT 1,
  -- `pending`, `approved` or `denied`.
  state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'approved', 'denied')),
  -- Who decided last. NULL: nobody yet, or a change of the table put it back to pending.
  decided_by TEXT,
  -- When.
  decided_at INTEGER
) WITHOUT ROWID;

-- Every column that a table has or ever had.
CREATE TABLE columns (
  -- The table's full name.
  table_name TEXT NOT NULL REFERENCES tables (name),
  -- The column's name, lower case.
  name TEXT NOT NULL,
  -- The type as Trino writes it, e.g. `varchar(20)`. A change of it puts the column back to pending.
  type TEXT NOT NULL,
  -- The position in the table, from 1.
  ordinal INTEGER NOT NULL,
  -- The column's own comment.
  comment TEXT,
  -- Whether it is gone. The row stays: old snapshots still have the column, so it stays named and closed.
  dropped INTEGER NOT NULL,
  -- `pending`, `clear`, `masked` or `denied`.
  state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'clear', 'masked', 'denied')),
  -- The class whose mask applies; only for `masked`.
  class TEXT,
  -- Who decided last. NULL: nobody yet, or a changed type put it back to pending.
  decided_by TEXT,
  -- When.
  decided_at INTEGER,
  CHECK ((state = 'masked') = (class IS NOT NULL)),
  PRIMARY KEY (table_name, name)
) WITHOUT ROWID;

-- Every decision about a table or column, people's and those that follow from a change. Append-only.
CREATE TABLE review_decisions (
  -- Order of the decisions.
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  -- The table's full name.
  table_name TEXT NOT NULL,
  -- The column. NULL: the decision is about the table.
  column_name TEXT,
  -- The state before.
  previous_state TEXT NOT NULL,
  -- The class before, if it was masked.
  previous_class TEXT,
  -- The state since.
  state TEXT NOT NULL,
  -- The class since, if it is masked.
  class TEXT,
  -- The column's type at that moment. NULL for a table.
  type TEXT,
  -- Who decided: a reviewer, or `svc-skimmer` when a change of the table did.
  decided_by TEXT NOT NULL,
  -- When.
  decided_at INTEGER NOT NULL,
  -- Why, in the reviewer's words or naming the change.
  note TEXT
);
CREATE INDEX review_decisions_by_table ON review_decisions (table_name, sequence);

CREATE TRIGGER review_decisions_are_not_changed BEFORE UPDATE ON review_decisions
BEGIN
  SELECT RAISE(ABORT, 'review decisions are append-only');
END;

CREATE TRIGGER review_decisions_are_not_removed BEFORE DELETE ON review_decisions
BEGIN
  SELECT RAISE(ABORT, 'review decisions are append-only');
END;

-- REPLACE removes the old row without firing a delete trigger.
CREATE TRIGGER review_decisions_are_not_replaced BEFORE INSERT ON review_decisions
WHEN EXISTS (SELECT 1 FROM review_decisions WHERE sequence = NEW.sequence)
BEGIN
  SELECT RAISE(ABORT, 'review decisions are append-only');
END;

-- What Skimmer thinks of a column: the last word of its detectors.
CREATE TABLE proposals (
  -- The table's full name.
  table_name TEXT NOT NULL,
  -- The column.
  column_name TEXT NOT NULL,
  -- The class it found. NULL: nothing sensitive.
  class TEXT,
  -- How sure of the class, from 0 to 1; without one, how sure that there is none.
  confidence REAL NOT NULL,
  -- A JSON array of pieces of evidence as Skimmer sent them; values in it are masked already.
  evidence TEXT NOT NULL,
  -- Which version of the detectors looked.
  detector_version INTEGER NOT NULL,
  -- When it was proposed.
  proposed_at INTEGER NOT NULL,
  PRIMARY KEY (table_name, column_name),
  FOREIGN KEY (table_name, column_name) REFERENCES columns (table_name, name)
) WITHOUT ROWID;

-- People asking for access.
CREATE TABLE access_requests (
  -- The request's id.
  id TEXT PRIMARY KEY,
  -- Who asks.
  user TEXT NOT NULL,
  -- The table's full name.
  table_name TEXT NOT NULL,
  -- Why, in their own words.
  reason TEXT NOT NULL,
  -- The group they want to join for it. NULL: no preference.
  group_name TEXT,
  -- `open` or `closed`.
  state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'closed')),
  -- When they asked.
  created_at INTEGER NOT NULL,
  -- Who closed it. NULL: it is open.
  closed_by TEXT,
  -- When.
  closed_at INTEGER,
  -- What the closer had to say.
  answer TEXT
) WITHOUT ROWID;
CREATE INDEX access_requests_by_user ON access_requests (user, created_at);

-- Everything that was done or refused. Append-only: the triggers below abort anything else.
CREATE TABLE audit_events (
  -- Order of arrival.
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  -- The event's own id; the same event sent twice is stored once.
  id TEXT NOT NULL UNIQUE,
  -- When it happened, by the clock of whoever reports it.
  at INTEGER NOT NULL,
  -- What happened, e.g. `query_refused`, `grant_created`.
  kind TEXT NOT NULL,
  -- Who did it.
  user TEXT NOT NULL,
  -- The query it belongs to. NULL: none.
  query_id TEXT,
  -- The Worker that reported it.
  reported_by TEXT NOT NULL,
  -- The whole event as JSON.
  event TEXT NOT NULL
);
CREATE INDEX audit_events_by_user ON audit_events (user, sequence);
CREATE INDEX audit_events_by_query ON audit_events (query_id) WHERE query_id IS NOT NULL;

CREATE TRIGGER audit_events_are_not_changed BEFORE UPDATE ON audit_events
BEGIN
  SELECT RAISE(ABORT, 'the audit log is append-only');
END;

CREATE TRIGGER audit_events_are_not_removed BEFORE DELETE ON audit_events
BEGIN
  SELECT RAISE(ABORT, 'the audit log is append-only');
END;

-- REPLACE would remove the old row without firing a delete trigger; a repeated event is left out instead.
CREATE TRIGGER audit_events_are_stored_once BEFORE INSERT ON audit_events
WHEN EXISTS (SELECT 1 FROM audit_events WHERE id = NEW.id OR sequence = NEW.sequence)
BEGIN
  SELECT RAISE(IGNORE);
END;

-- Policy documents that passed validation, the newest being the one served.
CREATE TABLE rendered_policies (
  -- Order of rendering.
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  -- The policy version it was rendered from.
  policy_version INTEGER NOT NULL,
  -- Whether the memberships were fresh enough to count at that moment.
  memberships_fresh INTEGER NOT NULL,
  -- When it was rendered.
  rendered_at INTEGER NOT NULL,
  -- When the passing of time alone changes it (a grant or session ends). NULL: never.
  changes_at INTEGER,
  -- Until when it may be served if nothing newer can be rendered; renewed while it is current.
  valid_until INTEGER NOT NULL,
  -- The ETag: over the content and the version, not over times.
  etag TEXT NOT NULL
);

-- The text of a rendered document in order, cut because D1 limits a row to 2 MB.
CREATE TABLE rendered_policy_chunks (
  -- Which document.
  policy_id INTEGER NOT NULL REFERENCES rendered_policies (id) ON DELETE CASCADE,
  -- Position, from 0.
  ordinal INTEGER NOT NULL,
  -- This part of the JSON text.
  text TEXT NOT NULL,
  PRIMARY KEY (policy_id, ordinal)
) WITHOUT ROWID;
