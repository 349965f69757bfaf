-- Clients, accounts, posts, the queue, and the publish log.
--
-- The first columns of post_details and post_schedule are the Node.js
-- scheduler's own, with its names and values; every column after them has a
-- default, so that its plain INSERTs work unchanged. Times are UTC text,
-- 'YYYY-MM-DD HH:MM:SS[.SSS]': text order is time order. Ids are UUIDs in
-- lower case: the same id in capitals would be another text.

CREATE TABLE agency_clients (
  id                INTEGER PRIMARY KEY AUTOINCREMENT,
  company_id        TEXT NOT NULL,
  client_first_name TEXT NOT NULL,
  client_last_name  TEXT NOT NULL,
  logo              TEXT,
  created_at        TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now')),
  updated_at        TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now'))
);
CREATE INDEX agency_clients_company ON agency_clients (company_id, id);

CREATE TABLE meta_social_accounts (
  id                    TEXT PRIMARY KEY NOT NULL
                        CHECK (id GLOB '????????-????-????-????-????????????' AND id NOT GLOB '*[^0-9a-f-]*'),
  company_id            TEXT NOT NULL,
  assigned_client_id    INTEGER REFERENCES agency_clients (id),
  platform              TEXT NOT NULL,
  account_name          TEXT NOT NULL,
  instagram_business_id TEXT,
  is_added              INTEGER NOT NULL DEFAULT 1,
  -- Page id, Instagram user id or LinkedIn URN.
  external_id           TEXT,
  -- Where the token is (env:VAR, file:PATH); never the token.
  token_ref             TEXT CHECK (token_ref IS NULL OR token_ref LIKE 'env:%' OR token_ref LIKE 'file:%'),
  paused_at             TEXT,
  paused_until          TEXT,
  pause_reason          TEXT,
  created_at            TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now')),
  updated_at            TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now'))
);
CREATE INDEX meta_social_accounts_company ON meta_social_accounts (company_id, platform, account_name);
CREATE UNIQUE INDEX meta_social_accounts_external ON meta_social_accounts (company_id, platform, external_id);

CREATE TABLE post_details (
  id                 TEXT PRIMARY KEY NOT NULL
                     CHECK (id GLOB '????????-????-????-????-????????????' AND id NOT GLOB '*[^0-9a-f-]*'),
  company_id         TEXT NOT NULL,
  assigned_client_id INTEGER REFERENCES agency_clients (id),
  social_account_id  TEXT NOT NULL REFERENCES meta_social_accounts (id),
  platform           TEXT NOT NULL,
  post_type          TEXT NOT NULL,
  caption            TEXT,
  media              TEXT,
  status             TEXT NOT NULL DEFAULT 'pending'
                     CHECK (status IN ('pending', 'processing', 'published', 'failed', 'cancelled')),
  external_post_id   TEXT,
  error_message      TEXT,
  attempts           INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
  created_at         TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now')),
  updated_at         TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now')),
  -- Ours from here on.
  link                TEXT,
  first_comment       TEXT,
  first_comment_state TEXT CHECK (first_comment_state IN ('pending', 'sending', 'sent', 'failed', 'unknown')),
  first_comment_id    TEXT,
  outcome             TEXT CHECK (outcome IN ('published', 'not_published', 'unknown')),
  error_code          TEXT,
  cancel_requested_at TEXT,
  cancel_reason       TEXT,
  idempotency_key     TEXT,
  content_hash        TEXT,
  published_at        TEXT,
  permalink           TEXT,
  -- 1 while invisible objects of an ended post wait to be deleted at the platform.
  leftovers           INTEGER NOT NULL DEFAULT 0,
  CHECK (status <> 'failed' OR error_message IS NOT NULL)
);
CREATE UNIQUE INDEX post_details_external ON post_details (platform, external_post_id);
CREATE UNIQUE INDEX post_details_key ON post_details (company_id, idempotency_key);
CREATE INDEX post_details_content ON post_details (content_hash);
CREATE INDEX post_details_company ON post_details (company_id, created_at, id);
CREATE INDEX post_details_account ON post_details (social_account_id);
-- For queue-status: what ended lately, what nobody could tell, which comments and clean-ups are owed.
CREATE INDEX post_details_ended ON post_details (status, updated_at) WHERE status IN ('published', 'failed', 'cancelled');
CREATE INDEX post_details_unknown ON post_details (updated_at) WHERE outcome = 'unknown';
CREATE INDEX post_details_comments ON post_details (published_at) WHERE first_comment_state IN ('pending', 'sending');
CREATE INDEX post_details_leftovers ON post_details (updated_at) WHERE leftovers = 1;

CREATE TABLE post_schedule (
  id             TEXT PRIMARY KEY NOT NULL
                 CHECK (id GLOB '????????-????-????-????-????????????' AND id NOT GLOB '*[^0-9a-f-]*'),
  post_detail_id TEXT NOT NULL UNIQUE REFERENCES post_details (id),
  -- A time of another shape (2026-11-24T09:00:00Z) would compare wrongly.
  run_at         TEXT NOT NULL CHECK (run_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9]*'
                                      AND run_at NOT GLOB '????-??-?? ??:??:??*[^0-9.]*'
                                      AND datetime(run_at) IS NOT NULL),
  status         TEXT NOT NULL DEFAULT 'pending'
                 CHECK (status IN ('pending', 'processing', 'done', 'failed')),
  locked_at      TEXT,
  worker_id      TEXT,
  attempts       INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
  created_at     TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now')),
  updated_at     TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now')),
  -- Ours from here on.
  fence           INTEGER NOT NULL DEFAULT 0 CHECK (fence >= 0),
  lease_until     TEXT,
  next_attempt_at TEXT,
  max_attempts    INTEGER NOT NULL DEFAULT 3,
  error_message   TEXT,
  CHECK (status <> 'processing' OR (worker_id IS NOT NULL AND locked_at IS NOT NULL)),
  -- The blind reset of the old scheduler cannot take a job from a live worker.
  CHECK (status = 'processing' OR lease_until IS NULL)
);
-- The queue proper: only open jobs, in claim order. Neither a claim nor a
-- heartbeat moves an entry, and finished rows are not in it.
CREATE INDEX post_schedule_open ON post_schedule (run_at, id) WHERE status IN ('pending', 'processing');
-- Those that workers hold: few, however long the queue is.
CREATE INDEX post_schedule_claimed ON post_schedule (run_at, id) WHERE status = 'processing';
-- For listings over everything.
CREATE INDEX post_schedule_run_at ON post_schedule (run_at, id);

-- What was done at the platform for each job, append-only. An `intent` of kind
-- `publish` without `ok` or `refused` is open: the post may be live.
CREATE TABLE publish_log (
  post_schedule_id TEXT NOT NULL REFERENCES post_schedule (id),
  fence            INTEGER NOT NULL,
  step_no          INTEGER NOT NULL,
  kind             TEXT NOT NULL CHECK (kind IN ('upload', 'create', 'wait', 'publish', 'lookup', 'after')),
  event            TEXT NOT NULL CHECK (event IN ('intent', 'ok', 'refused', 'unknown')),
  irreversible     INTEGER NOT NULL DEFAULT 0,
  -- The platform client's name for the step, such as photo/0.
  step             TEXT,
  remote_id        TEXT,
  detail           TEXT,
  http_status      INTEGER,
  error_code       TEXT,
  message          TEXT,
  trace_id         TEXT,
  request_hash     TEXT,
  worker_id        TEXT,
  at               TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now')),
  PRIMARY KEY (post_schedule_id, fence, step_no, event)
) WITHOUT ROWID;

CREATE TABLE workers (
  id         TEXT PRIMARY KEY NOT NULL,
  host       TEXT NOT NULL,
  pid        INTEGER NOT NULL,
  version    TEXT NOT NULL,
  started_at TEXT NOT NULL,
  beat_at    TEXT NOT NULL
);

-- Tells this database from every other: answers that wait in a file of the
-- worker's machine are only ever given to the database that they belong to.
CREATE TABLE database_instance (
  id          INTEGER PRIMARY KEY NOT NULL CHECK (id = 1),
  instance_id TEXT NOT NULL
);
INSERT INTO database_instance (id, instance_id)
VALUES (1, lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2)
           || '-8' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))));
