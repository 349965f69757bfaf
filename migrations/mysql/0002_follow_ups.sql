-- When to look again at what has ended, how a Page's posts come about, and how
-- well each platform answers.

-- two-step or direct; NULL: as the configuration says.
ALTER TABLE meta_social_accounts ADD COLUMN publish_mode VARCHAR(16) NULL;
-- When an ended post is looked at again: for its comment, its id, its clean-up,
-- or an outcome that nobody could tell. NULL: never.
ALTER TABLE post_details ADD COLUMN follow_up_at DATETIME(3) NULL;
CREATE INDEX post_details_follow_up ON post_details (follow_up_at);
UPDATE post_details SET follow_up_at = UTC_TIMESTAMP(3)
 WHERE leftovers = 1 OR first_comment_state IN ('pending', 'sending')
    OR (outcome = 'unknown' AND (error_code IS NULL OR error_code <> 'abandoned'));

-- A platform that does not answer rests as a whole.
CREATE TABLE IF NOT EXISTS platform_health (
  platform    VARCHAR(16) NOT NULL PRIMARY KEY,
  -- Failed calls since the last one that was answered, and of which account the first was.
  faults      INT NOT NULL DEFAULT 0,
  account_id  CHAR(36) NULL,
  -- How often it has rested since.
  rests       INT NOT NULL DEFAULT 0,
  rests_until DATETIME(3) NULL,
  reason      TEXT NULL,
  updated_at  DATETIME(3) NOT NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
INSERT INTO platform_health (platform, updated_at)
VALUES ('facebook', UTC_TIMESTAMP(3)), ('instagram', UTC_TIMESTAMP(3)), ('linkedin', UTC_TIMESTAMP(3)) ON DUPLICATE KEY UPDATE faults = faults;
