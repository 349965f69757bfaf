-- Clients, accounts, posts, the queue, and the publish log.
--
-- The Node.js scheduler's tables keep their names, columns and values: where
-- they are there already, only the columns and indexes below are added, and
-- every added column has a default, so that its plain INSERTs work unchanged.
-- DDL commits by itself here, so each statement is one that may be run again
-- after a kill: `migrate` leaves out ADD COLUMN, CREATE INDEX and ADD CONSTRAINT
-- for what exists. Adopted tables may have other character sets and collations, so
-- columns that must tell letters' case apart name theirs.

CREATE TABLE IF NOT EXISTS agency_clients (
  id                BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  company_id        CHAR(36) NOT NULL,
  client_first_name VARCHAR(255) NOT NULL,
  client_last_name  VARCHAR(255) NOT NULL,
  logo              TEXT NULL,
  created_at        DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  updated_at        DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS meta_social_accounts (
  id                    CHAR(36) NOT NULL PRIMARY KEY,
  company_id            CHAR(36) NOT NULL,
  platform              ENUM('facebook', 'instagram', 'linkedin') NOT NULL,
  account_name          VARCHAR(255) NOT NULL,
  instagram_business_id VARCHAR(255) NULL,
  is_added              TINYINT(1) NOT NULL DEFAULT 1
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS post_details (
  id                 CHAR(36) NOT NULL PRIMARY KEY,
  company_id         CHAR(36) NOT NULL,
  assigned_client_id BIGINT NULL,
  social_account_id  CHAR(36) NOT NULL,
  platform           ENUM('facebook', 'instagram', 'linkedin') NOT NULL,
  post_type          ENUM('post', 'reel', 'story', 'video', 'carousel') NOT NULL,
  caption            TEXT NULL,
  media              JSON NULL,
  status             ENUM('pending', 'processing', 'published', 'failed', 'cancelled') NOT NULL DEFAULT 'pending',
  external_post_id   VARCHAR(255) NULL,
  error_message      TEXT NULL,
  attempts           INT NOT NULL DEFAULT 0,
  created_at         DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  updated_at         DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS post_schedule (
  id             CHAR(36) NOT NULL PRIMARY KEY,
  post_detail_id CHAR(36) NOT NULL,
  run_at         DATETIME(3) NOT NULL,
  status         ENUM('pending', 'processing', 'done', 'failed') NOT NULL DEFAULT 'pending',
  locked_at      DATETIME(3) NULL,
  worker_id      VARCHAR(255) NULL,
  attempts       INT NOT NULL DEFAULT 0,
  created_at     DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  updated_at     DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- What was done at the platform for each job, append-only. An `intent` of kind
-- `publish` without `ok` or `refused` is open: the post may be live.
CREATE TABLE IF NOT EXISTS publish_log (
  post_schedule_id CHAR(36) NOT NULL,
  fence            BIGINT NOT NULL,
  step_no          INT NOT NULL,
  kind             ENUM('upload', 'create', 'wait', 'publish', 'lookup', 'after') NOT NULL,
  event            ENUM('intent', 'ok', 'refused', 'unknown') NOT NULL,
  irreversible     TINYINT NOT NULL DEFAULT 0,
  step             VARCHAR(191) NULL,
  remote_id        VARCHAR(255) NULL,
  detail           JSON NULL,
  http_status      INT NULL,
  error_code       VARCHAR(191) NULL,
  message          TEXT NULL,
  trace_id         VARCHAR(255) NULL,
  request_hash     VARCHAR(64) NULL,
  worker_id        VARCHAR(255) NULL,
  at               DATETIME(3) NOT NULL,
  PRIMARY KEY (post_schedule_id, fence, step_no, event)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS workers (
  id         VARCHAR(255) NOT NULL PRIMARY KEY,
  host       VARCHAR(255) NOT NULL,
  pid        BIGINT NOT NULL,
  version    VARCHAR(64) NOT NULL,
  started_at DATETIME(3) NOT NULL,
  beat_at    DATETIME(3) NOT NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- Tells this database from every other: answers that wait in a file of the
-- worker's machine are only ever given to the database that they belong to.
CREATE TABLE IF NOT EXISTS database_instance (
  id          BIGINT NOT NULL PRIMARY KEY,
  instance_id CHAR(36) NOT NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
INSERT INTO database_instance (id, instance_id) VALUES (1, UUID()) ON DUPLICATE KEY UPDATE id = id;

ALTER TABLE meta_social_accounts ADD COLUMN assigned_client_id BIGINT NULL;
-- Page id, Instagram user id or LinkedIn URN.
ALTER TABLE meta_social_accounts ADD COLUMN external_id VARCHAR(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL;
-- Where the token is (env:VAR, file:PATH); never the token.
ALTER TABLE meta_social_accounts ADD COLUMN token_ref VARCHAR(1024) NULL;
ALTER TABLE meta_social_accounts ADD COLUMN paused_at DATETIME(3) NULL;
ALTER TABLE meta_social_accounts ADD COLUMN paused_until DATETIME(3) NULL;
ALTER TABLE meta_social_accounts ADD COLUMN pause_reason TEXT NULL;
ALTER TABLE meta_social_accounts ADD COLUMN created_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3);
ALTER TABLE meta_social_accounts ADD COLUMN updated_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3);

ALTER TABLE post_details ADD COLUMN link TEXT NULL;
ALTER TABLE post_details ADD COLUMN first_comment TEXT NULL;
ALTER TABLE post_details ADD COLUMN first_comment_state VARCHAR(16) NULL;
ALTER TABLE post_details ADD COLUMN first_comment_id VARCHAR(255) NULL;
ALTER TABLE post_details ADD COLUMN outcome VARCHAR(16) NULL;
ALTER TABLE post_details ADD COLUMN error_code VARCHAR(191) NULL;
ALTER TABLE post_details ADD COLUMN cancel_requested_at DATETIME(3) NULL;
ALTER TABLE post_details ADD COLUMN cancel_reason TEXT NULL;
ALTER TABLE post_details ADD COLUMN idempotency_key VARCHAR(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL;
ALTER TABLE post_details ADD COLUMN content_hash CHAR(64) NULL;
ALTER TABLE post_details ADD COLUMN published_at DATETIME(3) NULL;
ALTER TABLE post_details ADD COLUMN permalink TEXT NULL;
-- 1 while invisible objects of an ended post wait to be deleted at the platform.
ALTER TABLE post_details ADD COLUMN leftovers TINYINT NOT NULL DEFAULT 0;

ALTER TABLE post_schedule ADD COLUMN fence BIGINT NOT NULL DEFAULT 0;
ALTER TABLE post_schedule ADD COLUMN lease_until DATETIME(3) NULL;
ALTER TABLE post_schedule ADD COLUMN next_attempt_at DATETIME(3) NULL;
ALTER TABLE post_schedule ADD COLUMN max_attempts INT NOT NULL DEFAULT 3;
ALTER TABLE post_schedule ADD COLUMN error_message TEXT NULL;

CREATE INDEX agency_clients_company ON agency_clients (company_id, id);
CREATE INDEX meta_social_accounts_company ON meta_social_accounts (company_id, platform, account_name);
CREATE UNIQUE INDEX meta_social_accounts_external ON meta_social_accounts (company_id, platform, external_id);
CREATE UNIQUE INDEX post_details_external ON post_details (platform, external_post_id);
CREATE UNIQUE INDEX post_details_key ON post_details (company_id, idempotency_key);
CREATE INDEX post_details_content ON post_details (content_hash);
CREATE INDEX post_details_company ON post_details (company_id, created_at, id);
CREATE INDEX post_details_account ON post_details (social_account_id);
-- For queue-status: what ended lately, what nobody could tell, which comments and clean-ups are owed.
CREATE INDEX post_details_ended ON post_details (status, updated_at);
CREATE INDEX post_details_unknown ON post_details (outcome, updated_at);
CREATE INDEX post_details_comments ON post_details (first_comment_state, published_at);
CREATE INDEX post_details_leftovers ON post_details (leftovers, updated_at);
CREATE UNIQUE INDEX post_detail_id ON post_schedule (post_detail_id);
-- There are no partial indexes here: the status comes first, so that finished
-- rows lie apart from the open ones, which lie in claim order.
CREATE INDEX post_schedule_open ON post_schedule (status, run_at, id);
-- For listings over everything.
CREATE INDEX post_schedule_run_at ON post_schedule (run_at, id);

-- Ids are UUIDs: a row whose id cannot be read could be neither claimed nor ended.
-- In lower case, whatever the collation: the publish log must find its job.
ALTER TABLE post_details ADD CONSTRAINT post_details_id CHECK (id RLIKE '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' AND CAST(id AS BINARY) = CAST(LOWER(id) AS BINARY));
ALTER TABLE post_schedule ADD CONSTRAINT post_schedule_id CHECK (id RLIKE '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' AND CAST(id AS BINARY) = CAST(LOWER(id) AS BINARY));
-- Another program's reset cannot take a job from a worker of ours.
ALTER TABLE post_schedule ADD CONSTRAINT post_schedule_owner CHECK (status <> 'processing' OR (worker_id IS NOT NULL AND locked_at IS NOT NULL));
ALTER TABLE post_schedule ADD CONSTRAINT post_schedule_lease CHECK (status = 'processing' OR lease_until IS NULL);
