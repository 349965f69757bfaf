-- Jobs wait in lines, one for each account: a claim looks at the heads of the lines,
-- and not at all that is due.

-- The account in whose line the job waits; for which it is sent is the word of its post.
-- NULL: in none yet, as rows of other programs, or of an account that is not there.
ALTER TABLE post_schedule ADD COLUMN account_id UUID;
UPDATE post_schedule
   SET account_id = (SELECT a.id FROM post_details d
                       JOIN meta_social_accounts a ON a.id = d.social_account_id
                      WHERE d.id = post_schedule.post_detail_id)
 WHERE status IN ('pending', 'processing');
-- Two, so that neither serves a query that asks for no account: post_schedule_open does.
CREATE INDEX post_schedule_account ON post_schedule (account_id, run_at, id) WHERE status IN ('pending', 'processing') AND account_id IS NOT NULL;
CREATE INDEX post_schedule_unlined ON post_schedule (run_at, id) WHERE status IN ('pending', 'processing') AND account_id IS NULL;
