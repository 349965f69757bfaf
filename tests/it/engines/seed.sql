-- The Node.js scheduler's database, as Sequelize makes it on MariaDB: its three
-- tables with the columns, values and indexes that its documentation names, and
-- a row in each state that it knows.
SET NAMES utf8mb4;

CREATE TABLE meta_social_accounts (
  id                    CHAR(36) BINARY NOT NULL,
  company_id            CHAR(36) BINARY NOT NULL,
  platform              ENUM('facebook', 'instagram', 'linkedin') NOT NULL,
  account_name          VARCHAR(255) NOT NULL,
  instagram_business_id VARCHAR(255) DEFAULT NULL COMMENT 'CHARACTER SET of ids, as Meta''s',
  is_added              TINYINT(1) NOT NULL DEFAULT 1,
  created_at            DATETIME NOT NULL,
  updated_at            DATETIME NOT NULL,
  PRIMARY KEY (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb3;

CREATE TABLE post_details (
  id                 CHAR(36) BINARY NOT NULL,
  company_id         CHAR(36) BINARY NOT NULL,
  assigned_client_id INT DEFAULT NULL,
  social_account_id  CHAR(36) BINARY NOT NULL,
  platform           ENUM('facebook', 'instagram', 'linkedin') NOT NULL,
  post_type          ENUM('post', 'reel', 'story', 'video', 'carousel') NOT NULL DEFAULT 'post',
  caption            TEXT,
  media              JSON DEFAULT NULL,
  status             ENUM('pending', 'processing', 'published', 'failed', 'cancelled') NOT NULL DEFAULT 'pending',
  external_post_id   VARCHAR(255) DEFAULT NULL,
  error_message      TEXT,
  attempts           INT NOT NULL DEFAULT 0,
  created_at         DATETIME NOT NULL,
  updated_at         DATETIME NOT NULL,
  PRIMARY KEY (id),
  KEY post_details_company_id_status (company_id, status),
  CONSTRAINT post_details_ibfk_1 FOREIGN KEY (social_account_id)
    REFERENCES meta_social_accounts (id) ON DELETE CASCADE ON UPDATE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb3;

CREATE TABLE post_schedule (
  id             CHAR(36) BINARY NOT NULL,
  post_detail_id CHAR(36) BINARY NOT NULL,
  run_at         DATETIME NOT NULL,
  status         ENUM('pending', 'processing', 'done', 'failed') NOT NULL DEFAULT 'pending',
  locked_at      DATETIME DEFAULT NULL,
  worker_id      VARCHAR(255) DEFAULT NULL,
  attempts       INT NOT NULL DEFAULT 0,
  created_at     DATETIME NOT NULL,
  updated_at     DATETIME NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY post_detail_id (post_detail_id),
  KEY post_schedule_status_run_at (status, run_at),
  KEY post_schedule_status_locked_at (status, locked_at),
  CONSTRAINT post_schedule_ibfk_1 FOREIGN KEY (post_detail_id)
    REFERENCES post_details (id) ON DELETE CASCADE ON UPDATE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb3;

INSERT INTO meta_social_accounts VALUES
  ('a0000000-0000-4000-8000-000000000001', '11111111-1111-4111-8111-111111111111', 'instagram',
   'Acme', '17841400000000001', 1, UTC_TIMESTAMP(), UTC_TIMESTAMP()),
  ('a0000000-0000-4000-8000-000000000002', '11111111-1111-4111-8111-111111111111', 'facebook',
   'Acme Page', NULL, 1, UTC_TIMESTAMP(), UTC_TIMESTAMP());

INSERT INTO post_details
  (id, company_id, social_account_id, platform, caption, media, status, external_post_id,
   error_message, attempts, created_at, updated_at)
VALUES
  ('d0000000-0000-4000-8000-000000000001', '11111111-1111-4111-8111-111111111111',
   'a0000000-0000-4000-8000-000000000001', 'instagram', 'Later, at the café',
   '[{"url":"https://cdn.example/a.jpg","type":"image"}]', 'pending', NULL, NULL, 0,
   UTC_TIMESTAMP(), UTC_TIMESTAMP()),
  ('d0000000-0000-4000-8000-000000000002', '11111111-1111-4111-8111-111111111111',
   'a0000000-0000-4000-8000-000000000001', 'instagram', 'Published',
   '[{"url":"https://cdn.example/b.jpg","type":"image"}]', 'published', '17900000000000001', NULL, 1,
   UTC_TIMESTAMP(), UTC_TIMESTAMP()),
  ('d0000000-0000-4000-8000-000000000003', '11111111-1111-4111-8111-111111111111',
   'a0000000-0000-4000-8000-000000000001', 'instagram', 'Failed',
   '[{"url":"https://cdn.example/c.jpg","type":"image"}]', 'failed', NULL, 'Invalid credentials', 3,
   UTC_TIMESTAMP(), UTC_TIMESTAMP()),
  ('d0000000-0000-4000-8000-000000000004', '11111111-1111-4111-8111-111111111111',
   'a0000000-0000-4000-8000-000000000001', 'instagram', 'Cancelled',
   '[{"url":"https://cdn.example/d.jpg","type":"image"}]', 'cancelled', NULL, NULL, 0,
   UTC_TIMESTAMP(), UTC_TIMESTAMP());

INSERT INTO post_schedule
  (id, post_detail_id, run_at, status, locked_at, worker_id, attempts, created_at, updated_at)
VALUES
  ('e0000000-0000-4000-8000-000000000001', 'd0000000-0000-4000-8000-000000000001',
   UTC_TIMESTAMP() + INTERVAL 2 DAY, 'pending', NULL, NULL, 0, UTC_TIMESTAMP(), UTC_TIMESTAMP()),
  ('e0000000-0000-4000-8000-000000000002', 'd0000000-0000-4000-8000-000000000002',
   UTC_TIMESTAMP() - INTERVAL 2 DAY, 'done', UTC_TIMESTAMP() - INTERVAL 2 DAY, 'server-1', 1,
   UTC_TIMESTAMP(), UTC_TIMESTAMP()),
  ('e0000000-0000-4000-8000-000000000003', 'd0000000-0000-4000-8000-000000000003',
   UTC_TIMESTAMP() - INTERVAL 1 DAY, 'failed', UTC_TIMESTAMP() - INTERVAL 1 DAY, 'server-1', 3,
   UTC_TIMESTAMP(), UTC_TIMESTAMP()),
  ('e0000000-0000-4000-8000-000000000004', 'd0000000-0000-4000-8000-000000000004',
   UTC_TIMESTAMP() - INTERVAL 1 DAY, 'done', NULL, NULL, 0, UTC_TIMESTAMP(), UTC_TIMESTAMP());
