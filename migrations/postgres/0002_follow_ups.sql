-- When to look again at what has ended, how a Page's posts come about, and how
-- well each platform answers.

-- two-step or direct; NULL: as the configuration says.
ALTER TABLE meta_social_accounts ADD COLUMN publish_mode TEXT;
-- When an ended post is looked at again: for its comment, its id, its clean-up,
-- or an outcome that nobody could tell. NULL: never.
ALTER TABLE post_details ADD COLUMN follow_up_at TIMESTAMPTZ;
CREATE INDEX post_details_follow_up ON post_details (follow_up_at) WHERE follow_up_at IS NOT NULL;
UPDATE post_details SET follow_up_at = statement_timestamp()
 WHERE leftovers = 1 OR first_comment_state IN ('pending', 'sending')
    OR (outcome = 'unknown' AND (error_code IS NULL OR error_code <> 'abandoned'));

-- A platform that does not answer rests as a whole.
CREATE TABLE platform_health (
  platform    TEXT PRIMARY KEY,
  -- Failed calls since the last one that was answered, and of which account the first was.
  faults      INT NOT NULL DEFAULT 0,
  account_id  UUID,
  -- How often it has rested since.
  rests       INT NOT NULL DEFAULT 0,
  rests_until TIMESTAMPTZ,
  reason      TEXT,
  updated_at  TIMESTAMPTZ NOT NULL
);
INSERT INTO platform_health (platform, updated_at)
VALUES ('facebook', statement_timestamp()), ('instagram', statement_timestamp()), ('linkedin', statement_timestamp());
